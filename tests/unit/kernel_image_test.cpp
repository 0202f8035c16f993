// SPDX-License-Identifier: Apache-2.0
#include "elf_builder.hpp"

#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <random>
#include <transom/partition/kernel_image.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t linux_base = 0xc000000000000000;

std::expected<LoadedKernel, KernelError> load_kernel(std::span<const std::byte> image, memory::LogicalMemory& memory) {
    const auto checked = check_kernel(image, memory.size());
    KernelCursor cursor;
    while (checked) {
        const auto more = load_part(image, memory, cursor, memory::block_size);
        if (!more)
            return std::unexpected(more.error());
        if (!*more)
            break;
    }
    return checked;
}

class KernelImageTest : public testing::Test {
  protected:
    KernelImageTest() : machine_(2 * memory::block_size) {
        EXPECT_TRUE(memory_.add_block(arch::fake_real_base + memory::block_size));
        EXPECT_TRUE(memory_.add_block(arch::fake_real_base));
        std::ranges::fill(machine_.memory_, std::byte{0xcc});
        elf_.entry = linux_base + 0x100;
        elf_.segments = {{linux_base, 0, std::vector(0x300, std::byte{1}), 0x400}};
    }

    auto load() { return load_kernel(elf_.build(), memory_); }
    auto at(std::uint64_t address) { return memory_.load<std::uint8_t>({address}).value(); }
    bool untouched() {
        return std::ranges::all_of(machine_.memory_, [](std::byte b) { return b == std::byte{0xcc}; });
    }

    static auto error(KernelError e) { return testing::Property(&std::expected<LoadedKernel, KernelError>::error, e); }

    arch::FakeMachine machine_;
    memory::LogicalMemory memory_;
    ElfBuilder elf_;
};

TEST_F(KernelImageTest, LoadsEitherByteOrderAndType) {
    for (const bool big : {false, true})
        for (const std::uint16_t type : {std::uint16_t{ET_EXEC}, std::uint16_t{ET_DYN}}) {
            std::ranges::fill(machine_.memory_, std::byte{0xcc});
            elf_.big = big;
            elf_.type = type;
            const auto loaded = load();
            ASSERT_TRUE(loaded) << describe(loaded.error());
            EXPECT_EQ(loaded->entry, LogicalAddr{0x100});
            EXPECT_EQ(loaded->extent, (LogicalRange{{0}, 0x400}));
            EXPECT_EQ(at(0), 1);
            EXPECT_EQ(at(0x2ff), 1);
            EXPECT_EQ(at(0x300), 0) << "the rest of the segment is zeroed";
            EXPECT_EQ(at(0x3ff), 0);
            EXPECT_EQ(at(0x400), 0xcc) << "and nothing behind it";
        }
}

TEST_F(KernelImageTest, LoadsSegmentsToTheirPhysicalAddresses) {
    elf_.segments.push_back({0x5000, memory::block_size - 8, std::vector(16, std::byte{2}), 16});
    elf_.segments.push_back({0x9000, 0x9000, std::vector(16, std::byte{3}), 16, PT_NOTE});
    elf_.segments.push_back({0x9000, ~std::uint64_t{0}, {}, 0});
    elf_.entry = 0x500c;
    const auto loaded = load();
    ASSERT_TRUE(loaded) << describe(loaded.error());
    EXPECT_EQ(loaded->entry, LogicalAddr{memory::block_size + 4});
    EXPECT_EQ(loaded->extent, (LogicalRange{{0}, memory::block_size + 8}));
    EXPECT_EQ(at(memory::block_size - 1), 2);
    EXPECT_EQ(at(memory::block_size + 7), 2);
    EXPECT_EQ(at(0x9000), 0xcc) << "a note is not loaded";
}

TEST_F(KernelImageTest, RefusesWhatIsNoKernel) {
    EXPECT_THAT(load_kernel({}, memory_), error(KernelError::no_elf));
    auto file = elf_.build();
    EXPECT_THAT(load_kernel(std::span(file).first(63), memory_), error(KernelError::no_elf));
    file[1] = std::byte{'e'};
    EXPECT_THAT(load_kernel(file, memory_), error(KernelError::no_elf));
    elf_.elf_class = ELFCLASS32;
    EXPECT_THAT(load(), error(KernelError::other_class));
    elf_.elf_class = ELFCLASS64;
    elf_.machine = EM_X86_64;
    EXPECT_THAT(load(), error(KernelError::other_machine));
    elf_.machine = EM_PPC64;
    elf_.type = ET_REL;
    EXPECT_THAT(load(), error(KernelError::not_executable));
    elf_.type = ET_EXEC;
    elf_.segments[0].type = PT_NOTE;
    EXPECT_THAT(load(), error(KernelError::nothing_to_load));
    elf_.segments.clear();
    EXPECT_THAT(load(), error(KernelError::nothing_to_load));
    EXPECT_TRUE(untouched());
    EXPECT_NE(describe(KernelError::other_machine).find("is no ppc64 ELF"), std::string_view::npos);
}

TEST_F(KernelImageTest, RefusesWhatDoesNotHold) {
    auto cut = elf_.build();
    cut.pop_back();
    EXPECT_THAT(load_kernel(cut, memory_), error(KernelError::malformed));
    EXPECT_THAT(load_kernel(std::span(cut).first(70), memory_), error(KernelError::malformed)) << "cut in the table";
    auto odd = elf_.build();
    odd[5] = std::byte{3};
    EXPECT_THAT(load_kernel(odd, memory_), error(KernelError::malformed)) << "no byte order";
    auto narrow = elf_.build();
    narrow[54] = std::byte{32};
    EXPECT_THAT(load_kernel(narrow, memory_), error(KernelError::malformed)) << "table entries too small";
    elf_.segments[0].memory_size = 0x2ff;
    EXPECT_THAT(load(), error(KernelError::malformed)) << "more in the file than in memory";
    EXPECT_TRUE(untouched());
}

TEST_F(KernelImageTest, WritesNothingWhereOneSegmentDoesNotFit) {
    elf_.segments.push_back({0, 2 * memory::block_size - 8, std::vector(8, std::byte{2}), 9});
    EXPECT_THAT(load(), error(KernelError::does_not_fit));
    elf_.segments.back() = {0, ~std::uint64_t{0} - 7, std::vector(8, std::byte{2}), 16};
    EXPECT_THAT(load(), error(KernelError::does_not_fit)) << "address and size wrap";
    elf_.segments.pop_back();
    for (const std::uint64_t entry : {linux_base - 1, linux_base + 0x400, std::uint64_t{0x100}}) {
        elf_.entry = entry;
        EXPECT_THAT(load(), error(KernelError::no_entry));
    }
    EXPECT_TRUE(untouched());
    elf_.entry = linux_base;
    memory_.inject_missing(1);
    EXPECT_THAT(load(), error(KernelError::missing));
}

TEST_F(KernelImageTest, RefusesThousandsOfSegmentsInOnePlace) {
    elf_.segments.assign(1000, {linux_base, 0, std::vector(16, std::byte{1}), 2 * memory::block_size / 1000});
    ASSERT_TRUE(load()) << "where they overlap, but need no longer than one that fills the memory";
    std::ranges::fill(machine_.memory_, std::byte{0xcc});
    elf_.segments.assign(60'000, {linux_base, 0, {}, memory::block_size});
    EXPECT_THAT(load(), error(KernelError::overlapping));
    elf_.segments.assign(3, {linux_base, 0, {}, memory::block_size});
    EXPECT_THAT(load(), error(KernelError::overlapping));
    EXPECT_TRUE(untouched());
}

TEST_F(KernelImageTest, NeverCrashesOnADamagedFile) {
    elf_.segments.push_back({0x5000, 0x5000, std::vector(16, std::byte{2}), 64});
    const auto good = elf_.build();
    std::mt19937_64 random(8); // NOLINT: the same damage in every run
    int accepted = 0;
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::byte> bad = good;
        for (auto hits = random() % 4; hits > 0; --hits)
            bad[random() % 176] = static_cast<std::byte>(random());
        if (random() % 4 == 0)
            bad.resize(random() % bad.size());
        bad.shrink_to_fit();
        accepted += load_kernel(bad, memory_).has_value();
    }
    EXPECT_GT(accepted, 0);
}

} // namespace
} // namespace transom::partition
