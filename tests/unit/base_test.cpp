// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <transom/base/address.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/base/bits.hpp>
#include <transom/base/log.hpp>
#include <transom/base/static_vector.hpp>

namespace transom {
namespace {

static_assert(ibm_bit(0) == 0x8000000000000000);
static_assert(ibm_bit(63) == 1);
static_assert(ibm_mask(57, 58) == 0x60);
static_assert(ibm_field(0x0000000000000700, 53, 55) == 7);

TEST(Range, DoesNotContainWhatWraps) {
    constexpr LogicalRange range{{0x1000}, 0x1000};
    EXPECT_TRUE(range.contains({0x1000}, 0x1000));
    EXPECT_FALSE(range.contains({0x1001}, 0x1000));
    EXPECT_FALSE(range.contains({0x1800}, ~std::uint64_t{0}));
    EXPECT_FALSE(range.contains({0xfff}));
    EXPECT_FALSE(range.contains({0x2000}));
}

TEST(BigEndian, IsMostSignificantByteFirstInMemory) {
    const Be<std::uint32_t> field = 0x11223344u;
    EXPECT_EQ(load_be<std::uint8_t>(reinterpret_cast<const std::byte*>(&field)), 0x11);
    EXPECT_EQ(field, 0x11223344u);
}

TEST(StaticVector, RefusesWhatDoesNotFit) {
    StaticVector<int, 2> v;
    EXPECT_TRUE(v.push_back(1));
    EXPECT_TRUE(v.push_back(2));
    EXPECT_FALSE(v.push_back(3));
    EXPECT_THAT(v, testing::ElementsAre(1, 2));
}

TEST(Log, CutsWhatIsLongerThanALine) {
    arch::FakeMachine machine(kib(64));
    log("{} and {:#x}", 1, 255);
    log("{:>300}", "x");
    ASSERT_EQ(machine.log_.size(), 2u);
    EXPECT_EQ(machine.log_[0], "1 and 0xff");
    EXPECT_EQ(machine.log_[1].size(), log_line_capacity);
}

} // namespace
} // namespace transom
