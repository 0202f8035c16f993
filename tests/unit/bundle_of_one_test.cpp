// SPDX-License-Identifier: Apache-2.0
// One partition's part of a bundle: docs/manifest.md says what is in it.
#include "bundle_builder.hpp"

#include <gmock/gmock.h>
#include <random>
#include <transom/partition/contents.hpp>
#include <transom/tree/bundle_of_one.hpp>

namespace transom::tree {
namespace {

/// What a bundle of one says, at an address that a blob may have.
class Copy {
  public:
    explicit Copy(const BundleOfOne& of, std::size_t portion = 1000) : words_((of.size() + 7) / 8) {
        const auto all = std::as_writable_bytes(std::span(words_)).first(of.size());
        for (std::size_t at = 0; at < all.size(); at += portion)
            of.read(at, all.subspan(at, std::min(portion, all.size() - at)));
        bytes = all;
    }
    std::span<const std::byte> bytes;

  private:
    std::vector<std::uint64_t> words_;
};

std::vector<std::byte> noise(std::size_t size) {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random());
    return bytes;
}

/// Of two partitions with the same kernel; the second has all that one may have. The keys are nobody's affair.
std::span<const std::byte> full(FdtBuilder& fdt) {
    fdt.text("compatible", "transom,manifest-1");
    fdt.begin("machine").text("label", "A").end();
    fdt.begin("partitions");
    fdt.begin("small").number("memory-mib", 16).text("kernel", "/home/me/vmlinux").end();
    fdt.begin("large")
        .text("bootargs", std::string(max_bootargs, 'x'))
        .number("memory-mib", 32)
        .text("initramfs", "/home/me/root.gz")
        .number("virtual-processors", 3)
        .number("entitled-capacity", 120)
        .flag("capped")
        .flag("large-pages")
        .texts("without-function-sets", {"hcall-random", "hcall-pic"})
        .text("kernel", "/home/me/vmlinux")
        .number("terminals", 2)
        .end();
    fdt.end().begin("files");
    fdt.begin("file@0").text("path", "/home/me/vmlinux").bytes("data", test::kernel_of_0x11().build()).end();
    fdt.begin("file@1").text("path", "/home/me/root.gz").bytes("data", noise(70'001)).end();
    fdt.end();
    return fdt.finish();
}

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(BundleOfOne, HasAllOfItsPartitionAndNothingElse) {
    FdtBuilder fdt;
    const auto bundle = Manifest::parse(full(fdt));
    ASSERT_TRUE(bundle) << bundle.error().view();
    const Copy copy(BundleOfOne(*bundle, bundle->partitions()[1]));
    const auto one = Manifest::parse(copy.bytes);
    ASSERT_TRUE(one) << one.error().view();
    ASSERT_EQ(one->partitions().size(), 1u);
    EXPECT_TRUE(one->is_bundle());
    EXPECT_FALSE(one->machine().label == "A");
    const PartitionDescription &was = bundle->partitions()[1], &is = one->partitions()[0];
    EXPECT_EQ(is.name, "large");
    EXPECT_EQ(is.memory, was.memory);
    EXPECT_EQ(is.virtual_processors, 3u);
    EXPECT_EQ(is.entitled_capacity, 120u);
    EXPECT_TRUE(is.capped);
    EXPECT_TRUE(is.large_pages);
    EXPECT_EQ(is.function_sets, was.function_sets);
    EXPECT_EQ(is.terminals, 2u);
    EXPECT_EQ(is.bootargs, was.bootargs);
    const auto before = partition::check_contents(was, *bundle), after = partition::check_contents(is, *one);
    ASSERT_TRUE(before);
    ASSERT_TRUE(after) << after.error().view();
    EXPECT_THAT(after->kernel, testing::ElementsAreArray(before->kernel));
    EXPECT_THAT(after->initramfs, testing::ElementsAreArray(before->initramfs));
    EXPECT_THAT(text_of(copy.bytes), testing::Not(testing::HasSubstr("small")));
    EXPECT_THAT(text_of(copy.bytes), testing::Not(testing::HasSubstr("/home/me"))) << "where its files were";
}

TEST(BundleOfOne, IsTheSameWhereItIsMadeOfOne) {
    FdtBuilder fdt;
    const auto bundle = Manifest::parse(full(fdt));
    ASSERT_TRUE(bundle);
    for (const PartitionDescription& description : bundle->partitions()) {
        const Copy first(BundleOfOne(*bundle, description));
        const auto one = Manifest::parse(first.bytes);
        ASSERT_TRUE(one) << one.error().view();
        const Copy second(BundleOfOne(*one, one->partitions()[0]), 17);
        EXPECT_THAT(second.bytes, testing::ElementsAreArray(first.bytes));
    }
}

TEST(BundleOfOne, OneFileMayBeBoth) {
    FdtBuilder fdt;
    fdt.text("compatible", "transom,manifest-1").begin("partitions");
    fdt.begin("a").number("memory-mib", 16).text("kernel", "k").text("initramfs", "k").end();
    fdt.end()
        .begin("files")
        .begin("file@0")
        .text("path", "k")
        .bytes("data", test::kernel_of_0x11().build())
        .end()
        .end();
    const auto bundle = Manifest::parse(fdt.finish());
    ASSERT_TRUE(bundle) << bundle.error().view();
    const Copy copy(BundleOfOne(*bundle, bundle->partitions()[0]));
    const auto one = Manifest::parse(copy.bytes);
    ASSERT_TRUE(one) << one.error().view();
    const auto contents = partition::check_contents(one->partitions()[0], *one);
    ASSERT_TRUE(contents) << contents.error().view();
    EXPECT_EQ(contents->initramfs.data(), contents->kernel.data());
}

} // namespace
} // namespace transom::tree
