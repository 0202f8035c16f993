// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <transom/partition/layout.hpp>

namespace transom::partition {
namespace {

constexpr LogicalRange small_kernel{{0}, mib(4)};

TEST(Layout, PutsEverythingAtTheTopOfASmallPartition) {
    const auto layout = lay_out(mib(64), small_kernel, mib(2) + 1);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->rtas, (LogicalRange{{mib(64) - kib(64)}, kib(64)}));
    EXPECT_EQ(layout->tree, (LogicalRange{{mib(64) - kib(128)}, kib(64)}));
    EXPECT_EQ(layout->initramfs, (LogicalRange{{mib(62) - kib(192)}, mib(2) + 1}));
}

TEST(Layout, StaysInTheFirst256MiB) {
    const auto layout = lay_out(gib(4), small_kernel, 0);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->rtas.end(), LogicalAddr{mib(256)});
    EXPECT_TRUE(layout->initramfs.empty());
}

TEST(Layout, RefusesWhatOverlaps) {
    const Bytes most = mib(64) - kib(128);
    EXPECT_EQ(lay_out(mib(64), {{0}, 1}, most + 1).error(), LayoutError::initramfs_too_large);
    EXPECT_EQ(lay_out(mib(64), {{0}, 1}, ~Bytes{0}).error(), LayoutError::initramfs_too_large);
    EXPECT_EQ(lay_out(mib(64), {{0}, 1}, most).error(), LayoutError::kernel_in_the_way);
    EXPECT_TRUE(lay_out(mib(64), {{0}, kib(64)}, most - kib(64)));
    EXPECT_EQ(lay_out(mib(64), {{0}, kib(64) + 1}, most - kib(64)).error(), LayoutError::kernel_in_the_way);
    EXPECT_EQ(lay_out(mib(64), {{mib(64) - 8}, 8}, 0).error(), LayoutError::kernel_in_the_way);
    EXPECT_TRUE(lay_out(gib(1), {{mib(256)}, mib(4)}, 0)) << "a kernel above all that is fine";
}

} // namespace
} // namespace transom::partition
