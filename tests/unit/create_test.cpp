// SPDX-License-Identifier: Apache-2.0
#include "elf_builder.hpp"
#include "fdt_builder.hpp"
#include "partition_builder.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <transom/partition/construction.hpp>
#include <transom/partition/layout.hpp>
#include <transom/random/source.hpp>
#include <transom/rtas/table.hpp>

namespace transom::partition {
namespace {

using memory::FrameState;
using testing::HasSubstr;
using testing::StartsWith;

/// A machine with 80 MiB of memory, of which the first frame is taken: four blocks of 16 MiB are free.
class CreateTest : public testing::Test {
  protected:
    CreateTest()
        : machine_(mib(80)), states_((arch::fake_real_base + machine_.memory().size).value / memory::frame_size) {
        frames_.add(machine_.memory());
        frames_.reserve({arch::fake_real_base, 1}, FrameState::hypervisor);
        elf_.entry = 0xc000000000000100;
        elf_.segments = {{0xc000000000000000, 0, std::vector(0x300, std::byte{0x11}), 0x10000}};
        free_at_start_ = frames_.total(FrameState::free);
        partition_->lpid = 7;
    }

    /// Builds the one partition of a manifest, with the files `vmlinux` and `initramfs`.
    std::expected<void, CreateError> build() {
        fdt_ = std::make_unique<FdtBuilder>();
        FdtBuilder& f = *fdt_;
        f.text("compatible", "transom,manifest-1").begin("partitions").begin("debian");
        f.number("memory-mib", memory_mib_).number("virtual-processors", 2).number("granule-kib", 4);
        f.text("kernel", "vmlinux");
        if (!initramfs_.empty())
            f.text("initramfs", "initramfs");
        f.text("bootargs", "console=hvc0");
        if (more_)
            more_(f);
        f.end().end();
        const auto kernel = kernel_file_.empty() ? elf_.build() : kernel_file_;
        if (bundle_) {
            f.begin("files").begin("file@0").text("path", "vmlinux").bytes("data", kernel).end();
            f.begin("file@1").text("path", "initramfs").bytes("data", initramfs_).end().end();
        }
        const auto manifest = tree::Manifest::parse(f.finish());
        EXPECT_TRUE(manifest) << manifest.error().view();
        return test::create(*partition_, manifest->partitions()[0], *manifest, resources_);
    }
    std::string build_error() {
        const auto done = build();
        return done ? "" : std::string(done.error().view());
    }

    /// Nothing is taken, and what was is scrubbed.
    void expect_nothing_left() {
        while (frames_.scrub_one()) {}
        EXPECT_EQ(frames_.total(FrameState::free), free_at_start_);
        EXPECT_TRUE(std::ranges::all_of(machine_.memory_, [](std::byte b) { return b == std::byte{0}; }));
        EXPECT_EQ(partition_->vcpu_count, 0u);
        EXPECT_EQ(partition_->memory.size(), 0u);
    }

    std::vector<std::byte> read(LogicalAddr from, std::size_t size) {
        std::vector<std::byte> data(size);
        EXPECT_TRUE(partition_->memory.read(from, data));
        return data;
    }
    /// The partition's device tree, out of its memory.
    std::vector<std::uint64_t> tree() {
        std::vector<std::uint64_t> blob(kib(64) / 8);
        EXPECT_TRUE(
            partition_->memory.read({partition_->vcpus[0].registers.gpr[3]}, std::as_writable_bytes(std::span(blob))));
        EXPECT_EQ(fdt_check_full(blob.data(), blob.size() * 8), 0);
        return blob;
    }
    static std::uint64_t number(const void* fdt, const char* path, const char* property) {
        int size = 0;
        const void* value = fdt_getprop(fdt, fdt_path_offset(fdt, path), property, &size);
        if (value == nullptr)
            return ~std::uint64_t{0};
        const auto* bytes = static_cast<const std::byte*>(value);
        return size == 4 ? load_be<std::uint32_t>(bytes) : load_be<std::uint64_t>(bytes);
    }

    arch::FakeMachine machine_;
    std::vector<FrameState> states_;
    memory::Frames frames_{states_};
    Resources resources_{.frames = frames_, .processor = {}, .table_format = hpt::Format::odd};
    ElfBuilder elf_;
    std::vector<std::byte> kernel_file_; // instead of elf_, where not empty
    std::vector<std::byte> initramfs_ = std::vector(100'001, std::byte{0x22});
    std::uint32_t memory_mib_ = 32;
    std::function<void(FdtBuilder&)> more_; // properties of the partition
    bool bundle_ = true;
    Bytes free_at_start_ = 0;
    std::unique_ptr<FdtBuilder> fdt_;
    std::unique_ptr<Partition> partition_ = std::make_unique<Partition>();
};

TEST_F(CreateTest, OffersTheFunctionSetsThatTheMachineHasAndTheManifestLeaves) {
    const auto told = [&](std::string_view set) {
        const auto blob = tree();
        return fdt_stringlist_search(blob.data(), fdt_path_offset(blob.data(), "/rtas"), "ibm,hypertas-functions",
                                     set.data()) >= 0;
    };
    ASSERT_EQ(build_error(), "");
    EXPECT_TRUE(told("hcall-vasi"));
    EXPECT_FALSE(told("hcall-random")) << "nothing is random here";
    EXPECT_FALSE(told("hcall-vphn")) << "and nothing is known of associativity";
    EXPECT_FALSE(partition_->observation.on());
    destroy(*partition_, frames_);

    random::Source source;
    resources_.random = &source;
    HomeNodes nodes;
    ASSERT_TRUE(nodes.domains.push_back({}));
    ASSERT_TRUE(nodes.domains[0].push_back(1));
    ASSERT_TRUE(nodes.of_processor.push_back(0));
    resources_.nodes = &nodes;
    more_ = [](FdtBuilder& f) {
        f.texts("without-function-sets", {"hcall-vasi", "hcall-debug"}).flag("observe-calls");
    };
    ASSERT_EQ(build_error(), "");
    for (const char* set : {"hcall-random", "hcall-vphn", "hcall-pft"})
        EXPECT_TRUE(told(set)) << set;
    for (const char* set : {"hcall-vasi", "hcall-debug"})
        EXPECT_FALSE(told(set)) << set;
    EXPECT_FALSE(partition_->allowed_calls.sets().contains(papr::FunctionSet::vasi));
    EXPECT_TRUE(partition_->allowed_calls.sets().contains(papr::FunctionSet::random));
    EXPECT_TRUE(partition_->observation.on());
}

TEST_F(CreateTest, BuildsAPartitionThatCanBeEntered) {
    machine_.advance(5000);
    ASSERT_EQ(build_error(), "");
    EXPECT_EQ(partition_->name(), "debian");
    EXPECT_EQ(partition_->lpid, 7u);
    EXPECT_EQ(partition_->state, PartitionState::empty) << "it does not run yet";
    EXPECT_EQ(partition_->granule, kib(4));
    EXPECT_EQ(partition_->memory.size(), mib(32));
    EXPECT_EQ(partition_->vcpu_count, 2u);
    EXPECT_EQ(partition_->clock.frequency, 512'000'000u);

    const Vcpu& first = partition_->vcpus[0];
    EXPECT_EQ(first.state, VcpuState::ready);
    EXPECT_EQ(first.registers.nip, 0x100u);
    EXPECT_EQ(first.registers.msr, 0x8000000000001000u);
    EXPECT_THAT(std::span(first.registers.gpr).subspan(4, 4), testing::Each(0u));
    EXPECT_GT(first.decrementer_expiry, 5000u);
    for (std::uint32_t i = 0; i < 2; ++i) {
        EXPECT_EQ(partition_->vcpus[i].partition, partition_.get());
        EXPECT_EQ(partition_->vcpus[i].index, i);
    }
    EXPECT_EQ(partition_->vcpus[1].state, VcpuState::stopped);
    ASSERT_NE(partition_->sources.find(vio::terminal_source), nullptr);

    EXPECT_EQ(partition_->hpt.log2_bytes(), 18u);
    EXPECT_TRUE(partition_->hpt.address().aligned(Bytes{1} << 18));
    EXPECT_EQ(partition_->hpt.options().format, hpt::Format::odd);
    EXPECT_EQ(partition_->hpt.options().real_mode_page, papr::PageSize::kib_4);
    EXPECT_EQ(frames_.total(FrameState::partition), mib(32));
    EXPECT_EQ(frames_.total(FrameState::page_table), kib(256 + 128));
}

TEST_F(CreateTest, PutsEverythingWhereTheTreeSays) {
    ASSERT_EQ(build_error(), "");
    const auto fdt = tree();
    const std::uint64_t begin = number(fdt.data(), "/chosen", "linux,initrd-start");
    const std::uint64_t end = number(fdt.data(), "/chosen", "linux,initrd-end");
    ASSERT_EQ(end - begin, initramfs_.size());
    EXPECT_EQ(read({begin}, initramfs_.size()), initramfs_);
    const std::uint64_t rtas = number(fdt.data(), "/rtas", "linux,rtas-base");
    const std::array expected = {0x7c, 0x64, 0x1b, 0x78, 0x3c, 0x60, 0x00, 0x00, 0x60, 0x63,
                                 0xf0, 0x00, 0x44, 0x00, 0x00, 0x22, 0x4e, 0x80, 0x00, 0x20};
    const auto code = read({rtas}, expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(code[i], static_cast<std::byte>(expected[i])) << i;
    for (const rtas::Row& row : rtas::rows())
        EXPECT_EQ(number(fdt.data(), "/rtas", row.name.data()), row.token) << row.name;
    EXPECT_EQ(number(fdt.data(), "/cpus/PowerPC,POWER9@1", "reg"), 1u);
    EXPECT_EQ(read({0}, 1)[0], std::byte{0x11}) << "the kernel";
}

TEST_F(CreateTest, GivesBackExactlyWhatItTook) {
    ASSERT_EQ(build_error(), "");
    partition_->stop_reason = StopReason::power_off;
    const std::array secret = {std::byte{1}, std::byte{2}};
    ASSERT_TRUE(partition_->memory.write({mib(31)}, secret));
    destroy(*partition_, frames_);
    expect_nothing_left();
    EXPECT_EQ(partition_->state, PartitionState::off);
    EXPECT_EQ(partition_->stop_reason, StopReason::power_off) << "a report may want it";
    EXPECT_EQ(partition_->vcpus[0].registers.nip, 0u);
    destroy(*partition_, frames_);
    expect_nothing_left();
    EXPECT_EQ(build_error(), "") << "and can be built again in its place";
}

TEST_F(CreateTest, IsBuiltInPortionsOverWhatOthersHaveLeft) {
    std::ranges::fill(machine_.memory_, std::byte{0x5a});
    initramfs_.resize(300'000, std::byte{0x22});
    elf_.segments = {{0xc000000000000000, 0, std::vector(200'000, std::byte{0x11}), 700'000}};
    memory_mib_ = 16;
    ASSERT_EQ(build_error(), "");
    std::vector<std::byte> at_once(mib(16));
    ASSERT_TRUE(partition_->memory.read({0}, at_once));
    destroy(*partition_, frames_);

    const auto manifest = tree::Manifest::parse(fdt_->blob());
    ASSERT_TRUE(manifest);
    std::vector<std::byte> scratch(Construction::scratch_size);
    Construction construction;
    ASSERT_TRUE(construction.begin(*partition_, manifest->partitions()[0], *manifest, resources_, scratch));
    EXPECT_TRUE(construction.has_contents());
    unsigned steps = 0;
    std::vector<std::byte> before = machine_.memory_;
    for (; construction.under_way(); ++steps) {
        construction.step(*partition_, frames_);
        if (steps % 64 != 0)
            continue;
        std::size_t changed = 0;
        for (std::size_t i = 0; i < before.size(); ++i)
            changed += before[i] != machine_.memory_[i] ? 1 : 0;
        EXPECT_LE(changed, 64 * memory::frame_size);
        before = machine_.memory_;
    }
    EXPECT_GT(steps, 256u + 6 + 11 + 5) << "blocks, page table, kernel, initramfs";
    EXPECT_EQ(read({0}, mib(16)), at_once);
    EXPECT_EQ(partition_->vcpus[0].state, VcpuState::ready);
    EXPECT_EQ(frames_.total(FrameState::hypervisor), memory::frame_size);
    // One that is given up gives everything back.
    destroy(*partition_, frames_);
    ASSERT_TRUE(construction.begin(*partition_, manifest->partitions()[0], *manifest, resources_, scratch));
    construction.step(*partition_, frames_);
    destroy(*partition_, frames_);
    while (frames_.scrub_one()) {}
    EXPECT_EQ(frames_.total(FrameState::free), free_at_start_);
}

TEST_F(CreateTest, SharesNothingBetweenPartitions) {
    memory_mib_ = 16;
    ASSERT_EQ(build_error(), "");
    const auto first = std::move(partition_);
    partition_ = std::make_unique<Partition>();
    ASSERT_EQ(build_error(), "");
    EXPECT_NE(first->memory.block(0), partition_->memory.block(0));
    EXPECT_NE(first->hpt.address(), partition_->hpt.address());
    destroy(*first, frames_);
    EXPECT_EQ(read({0}, 1)[0], std::byte{0x11}) << "the other one's end does not touch it";
}

TEST_F(CreateTest, NamesWhatDoesNotFitTheMachine) {
    memory_mib_ = 128;
    EXPECT_EQ(build_error(),
              "partition debian: it asks for 128 MiB, 129 MiB with its page table, and 79 MiB are free: lower "
              "memory-mib, or give the machine more memory");
    expect_nothing_left();
    // Enough in all, and too little in whole blocks: one frame in the middle of each but one.
    for (const Bytes block : {16, 32, 48})
        frames_.reserve({arch::fake_real_base + mib(block) + mib(8), 1}, FrameState::hypervisor);
    free_at_start_ = frames_.total(FrameState::free);
    memory_mib_ = 32;
    EXPECT_EQ(build_error(),
              "partition debian: it asks for 32 MiB, and 16 MiB are free in blocks of 16 MiB: lower memory-mib, "
              "or give the machine more memory");
    expect_nothing_left();
}

TEST_F(CreateTest, NamesWhatIsWrongWithTheFiles) {
    const std::vector<std::byte> text(100, std::byte{'x'});
    kernel_file_ = text;
    EXPECT_THAT(build_error(), StartsWith("partition debian: kernel vmlinux is no ELF file"));
    expect_nothing_left();
    kernel_file_.clear();
    elf_.machine = EM_X86_64;
    EXPECT_THAT(build_error(), StartsWith("partition debian: kernel vmlinux is no ppc64 ELF"));
    elf_.machine = EM_PPC64;
    elf_.segments[0].memory_size = mib(32) + 1;
    EXPECT_EQ(build_error(),
              "partition debian: kernel vmlinux does not fit into the partition's memory: raise memory-mib");
    elf_.segments[0].memory_size = mib(32);
    EXPECT_EQ(build_error(), "partition debian: kernel and initramfs do not fit into 32 MiB: raise memory-mib");
    elf_.segments[0].memory_size = mib(1);
    bundle_ = false;
    EXPECT_THAT(build_error(), StartsWith("partition debian: kernel vmlinux is not with the manifest"));
    expect_nothing_left();
}

TEST_F(CreateTest, MakesAnEmptyPartitionForOneThatArrives) {
    const Shape shape{.name = "visitor",
                      .memory = mib(32),
                      .virtual_processors = 8,
                      .granule = kib(64),
                      .log2_page_table_size = 22,
                      .large_pages = true};
    ASSERT_TRUE(test::create_empty(*partition_, shape, resources_));
    EXPECT_EQ(partition_->state, PartitionState::empty);
    EXPECT_EQ(partition_->name(), "visitor");
    EXPECT_EQ(partition_->vcpu_count, 8u);
    EXPECT_EQ(partition_->hpt.log2_bytes(), 22u);
    EXPECT_TRUE(partition_->hpt.options().large_pages);
    EXPECT_EQ(partition_->hpt.options().real_mode_page, papr::PageSize::kib_64);
    for (const Vcpu& vcpu : partition_->vcpus)
        EXPECT_EQ(vcpu.state, VcpuState::stopped);
    destroy(*partition_, frames_);
    expect_nothing_left();
}

TEST_F(CreateTest, RefusesAShapeThatItCannotMake) {
    const Shape good{.name = "visitor", .memory = mib(16)};
    const auto refused = [&](auto change) {
        Shape shape = good;
        change(shape);
        const auto done = test::create_empty(*partition_, shape, resources_);
        return !done && std::string(done.error().view()).ends_with("are not what this version can make");
    };
    EXPECT_TRUE(refused([](Shape& s) { s.name = ""; }));
    EXPECT_TRUE(refused([](Shape& s) { s.name = "a-name-of-thirty-two-characters.."; }));
    EXPECT_TRUE(refused([](Shape& s) { s.memory = 0; }));
    EXPECT_TRUE(refused([](Shape& s) { s.memory = mib(17); }));
    EXPECT_TRUE(refused([](Shape& s) { s.memory = gib(64) + mib(16); }));
    EXPECT_TRUE(refused([](Shape& s) { s.virtual_processors = 0; }));
    EXPECT_TRUE(refused([](Shape& s) { s.virtual_processors = 9; }));
    EXPECT_TRUE(refused([](Shape& s) { s.granule = kib(16); }));
    EXPECT_TRUE(refused([](Shape& s) { s.log2_page_table_size = 17; }));
    EXPECT_TRUE(refused([](Shape& s) { s.log2_page_table_size = 64; }));
    expect_nothing_left();
    EXPECT_TRUE(test::create_empty(*partition_, good, resources_));
}

} // namespace
} // namespace transom::partition
