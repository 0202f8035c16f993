// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <gmock/gmock.h>
#include <libfdt.h>
#include <string>
#include <transom/base/big_endian.hpp>
#include <transom/tree/manifest.hpp>
#include <transom/tree/partition_tree.hpp>
#include <transom/tree/tree_writer.hpp>
#include <vector>

namespace transom::tree {
namespace {

using testing::ElementsAre;

using Cells = std::vector<std::uint32_t>;

class PartitionTreeTest : public testing::Test {
  protected:
    PartitionTreeTest() {
        what_.name = "debian";
        what_.memory = gib(5);
        what_.virtual_processors = 2;
        what_.log2_page_table_size = 26;
        what_.rtas = {{0xfff0000}, 0x1000};
        what_.rtas_calls = calls_;
        what_.hypertas_functions = functions_;
        what_.initramfs = {{0xa000000}, 0x123456};
        what_.bootargs = "console=hvc0 x=\"a b\"";
    }

    void write() {
        const auto size = write_partition_tree(what_, std::as_writable_bytes(std::span(buffer_)));
        ASSERT_TRUE(size);
        ASSERT_EQ(fdt_check_full(buffer_.data(), *size), 0);
    }
    const void* fdt() const { return buffer_.data(); }
    int node(const char* path) const { return fdt_path_offset(fdt(), path); }

    std::string bytes(const char* path, const char* property) const {
        int size = 0;
        const auto* value = static_cast<const char*>(fdt_getprop(fdt(), node(path), property, &size));
        return value == nullptr ? "(absent)" : std::string(value, static_cast<std::size_t>(size));
    }
    std::string text(const char* path, const char* property) const {
        const std::string value = bytes(path, property);
        return value == "(absent)" ? value : value.c_str();
    }
    Cells cells(const char* path, const char* property) const {
        const std::string value = bytes(path, property);
        Cells result;
        for (std::size_t i = 0; i + 4 <= value.size(); i += 4)
            result.push_back(load_be<std::uint32_t>(reinterpret_cast<const std::byte*>(value.data() + i)));
        return result;
    }
    bool has(const char* path, const char* property) const { return bytes(path, property) != "(absent)"; }

    /// Two nodes, of the domains that skiboot gives two chips.
    void tell_of_nodes() {
        for (const std::uint32_t chip : {0u, 8u}) {
            HostAssociativity domains;
            for (const std::uint32_t domain : {0u, 0u, chip, chip})
                ASSERT_TRUE(domains.push_back(domain));
            domains_.push_back(domains);
        }
        what_.nodes = {.reference_points = points_,
                       .domains = domains_,
                       .of_processor = homes_,
                       .of_memory = units_,
                       .unit = gib(1)};
    }

    static constexpr std::array<std::uint32_t, 2> points_ = {4, 2};
    std::vector<HostAssociativity> domains_;
    std::vector<std::uint8_t> homes_ = {1, 0};
    std::vector<std::uint8_t> units_ = {1, 1, 0, 1, 0};
    static constexpr std::array<RtasToken, 3> calls_ = {
        {{"power-off", 0x2003}, {"start-cpu", 0x2006}, {"ibm,os-term", 0x201f}}};
    static constexpr std::array<std::string_view, 2> functions_ = {"hcall-pft", "hcall-set-mode"};

    PartitionTree what_;
    std::vector<std::uint64_t> buffer_ = std::vector<std::uint64_t>(partition_tree_capacity / 8, ~std::uint64_t{0});
};

TEST_F(PartitionTreeTest, SaysWhatLinuxLooksFor) {
    write();
    EXPECT_EQ(text("/", "device_type"), "chrp");
    EXPECT_EQ(text("/", "ibm,partition-name"), "debian");
    EXPECT_EQ(text("/chosen", "bootargs"), "console=hvc0 x=\"a b\"");
    EXPECT_THAT(cells("/chosen", "linux,initrd-start"), ElementsAre(0, 0xa000000));
    EXPECT_THAT(cells("/chosen", "linux,initrd-end"), ElementsAre(0, 0xa123456));
    EXPECT_EQ(node(text("/chosen", "stdout-path").c_str()), node("/vdevice/vty@71000000"));
    EXPECT_THAT(cells("/memory@0", "reg"), ElementsAre(0, 0, 1, 0x40000000));
    EXPECT_EQ(text("/memory@0", "device_type"), "memory");
    EXPECT_EQ(text("/vdevice", "device_type"), "vdevice");
    EXPECT_EQ(text("/vdevice/vty@71000000", "compatible"), "hvterm1");
    EXPECT_THAT(cells("/vdevice/vty@71000000", "interrupts"), ElementsAre(0x1100, 0));
    const char* controller = "/interrupt-controller";
    EXPECT_EQ(text(controller, "device_type"), "PowerPC-External-Interrupt-Presentation");
    EXPECT_EQ(cells(controller, "phandle"), cells("/vdevice", "interrupt-parent"));
    EXPECT_THAT(cells(controller, "ibm,interrupt-server-ranges"), ElementsAre(0, 2));
}

TEST_F(PartitionTreeTest, SaysHashAndXics) {
    write();
    const std::string vector = bytes("/chosen", "ibm,architecture-vec-5");
    ASSERT_EQ(vector.size(), 27u);
    EXPECT_EQ(vector[0], 25);
    EXPECT_EQ(vector[23], 0) << "XICS";
    EXPECT_EQ(vector[24], 0) << "hashed page table";
}

TEST_F(PartitionTreeTest, CarriesTheRtasCallsAndFunctionSets) {
    write();
    EXPECT_THAT(cells("/rtas", "power-off"), ElementsAre(0x2003));
    EXPECT_THAT(cells("/rtas", "start-cpu"), ElementsAre(0x2006));
    EXPECT_THAT(cells("/rtas", "linux,rtas-base"), ElementsAre(0xfff0000));
    EXPECT_THAT(cells("/rtas", "rtas-size"), ElementsAre(0x1000));
    EXPECT_TRUE(has("/rtas", "ibm,extended-os-term"));
    EXPECT_FALSE(has("/rtas", "rtas-event-scan-rate")) << "no event-scan, no rate";
    EXPECT_EQ(bytes("/rtas", "ibm,hypertas-functions"), std::string("hcall-pft\0hcall-set-mode\0", 25));
}

TEST_F(PartitionTreeTest, ReservesRtasAndInitramfs) {
    write();
    ASSERT_EQ(fdt_num_mem_rsv(fdt()), 2);
    std::uint64_t address = 0, size = 0;
    fdt_get_mem_rsv(fdt(), 0, &address, &size);
    EXPECT_EQ(address, 0xfff0000u);
    EXPECT_EQ(size, 0x1000u);
    fdt_get_mem_rsv(fdt(), 1, &address, &size);
    EXPECT_EQ(address, 0xa000000u);
    EXPECT_EQ(size, 0x123456u);
    what_.initramfs = {};
    write();
    EXPECT_EQ(fdt_num_mem_rsv(fdt()), 1);
    EXPECT_FALSE(has("/chosen", "linux,initrd-start"));
}

TEST_F(PartitionTreeTest, DescribesEachProcessor) {
    struct {
        ProcessorFamily family;
        const char* path;
        std::uint32_t version;
    } const families[] = {{ProcessorFamily::power8, "/cpus/PowerPC,POWER8@1", 0x0f000004},
                          {ProcessorFamily::power9, "/cpus/PowerPC,POWER9@1", 0x0f000005},
                          {ProcessorFamily::power10, "/cpus/PowerPC,POWER10@1", 0x0f000006}};
    for (const auto& f : families) {
        what_.processor = {
            .family = f.family, .version = architected_version(f.family), .timebase_frequency = 512000000};
        write();
        ASSERT_GE(node(f.path), 0) << f.path;
        EXPECT_EQ(text(f.path, "device_type"), "cpu");
        EXPECT_THAT(cells(f.path, "cpu-version"), ElementsAre(f.version));
        EXPECT_THAT(cells(f.path, "reg"), ElementsAre(1));
        EXPECT_THAT(cells(f.path, "ibm,ppc-interrupt-server#s"), ElementsAre(1));
        EXPECT_THAT(cells(f.path, "timebase-frequency"), ElementsAre(512000000));
        EXPECT_THAT(cells(f.path, "ibm,pft-size"), ElementsAre(0, 26));
        EXPECT_THAT(cells(f.path, "ibm,slb-size"), ElementsAre(32));
        EXPECT_THAT(cells(f.path, "ibm,vmx"), ElementsAre(2));
        EXPECT_THAT(cells(f.path, "ibm,processor-segment-sizes"), ElementsAre(28, 40, ~0u, ~0u));

        const std::string features = bytes(f.path, "ibm,pa-features");
        const auto bit = [&](unsigned byte, unsigned n) { return (features.at(byte + 2) >> (7 - n) & 1) != 0; };
        ASSERT_EQ(static_cast<std::size_t>(features[0]) + 2, features.size());
        EXPECT_EQ(features[1], 0);
        EXPECT_TRUE(bit(0, 0) && bit(0, 1) && bit(0, 6)) << "MMU, FPU, no-execute";
        EXPECT_TRUE(bit(5, 0)) << "little-endian";
        EXPECT_FALSE(bit(22, 0)) << "transactional memory";
        if (f.family != ProcessorFamily::power8) {
            EXPECT_FALSE(bit(40, 0)) << "radix";
            EXPECT_FALSE(bit(24, 0)) << "large decrementer";
            EXPECT_FALSE(bit(64, 0)) << "second watchpoint";
        }
    }
    EXPECT_LT(node("/cpus/PowerPC,POWER10@2"), 0);
}

TEST_F(PartitionTreeTest, OffersLargePagesOnlyWhenAsked) {
    write();
    const char* cpu = "/cpus/PowerPC,POWER9@0";
    EXPECT_THAT(cells(cpu, "ibm,segment-page-sizes"), ElementsAre(12, 0, 2, 12, 0, 16, 7, /**/ 16, 0x110, 1, 16, 1));
    what_.large_pages = true;
    write();
    EXPECT_THAT(cells(cpu, "ibm,segment-page-sizes"), ElementsAre(12, 0, 3, 12, 0, 16, 7, 24, 0x38, /**/ 16, 0x110, 2,
                                                                  16, 1, 24, 8, /**/ 24, 0x100, 1, 24, 0));
}

TEST_F(PartitionTreeTest, R84_TellsWhereProcessorsAndMemoryLie) {
    tell_of_nodes();
    write();
    EXPECT_THAT(cells("/rtas", "ibm,associativity-reference-points"), ElementsAre(4, 2));
    EXPECT_THAT(cells("/rtas", "ibm,max-associativity-domains"), ElementsAre(4, 1, 1, 9, 9));
    EXPECT_EQ(bytes("/chosen", "ibm,architecture-vec-5")[5], '\x80') << "form 1";
    EXPECT_THAT(cells("/cpus/PowerPC,POWER9@0", "ibm,associativity"), ElementsAre(4, 0, 0, 8, 8));
    EXPECT_THAT(cells("/cpus/PowerPC,POWER9@1", "ibm,associativity"), ElementsAre(4, 0, 0, 0, 0));
    EXPECT_THAT(cells("/memory@0", "reg"), ElementsAre(0, 0, 0, 0x8000'0000, 0, 0xc000'0000, 0, 0x4000'0000));
    EXPECT_THAT(cells("/memory@0", "ibm,associativity"), ElementsAre(4, 0, 0, 8, 8));
    EXPECT_THAT(cells("/memory@80000000", "reg"), ElementsAre(0, 0x8000'0000, 0, 0x4000'0000, 1, 0, 0, 0x4000'0000));
    EXPECT_THAT(cells("/memory@80000000", "ibm,associativity"), ElementsAre(4, 0, 0, 0, 0));
    EXPECT_LT(node("/memory@0"), node("/memory@80000000")) << "an operating system starts in what comes first";
}

TEST_F(PartitionTreeTest, R84_WhereAllMemoryIsOnOneNodeThereIsOneOfMemory) {
    tell_of_nodes();
    what_.memory = gib(4) + mib(512); // the last unit is not whole
    units_ = {1, 1, 1, 1, 1};
    what_.nodes.of_memory = units_;
    write();
    EXPECT_THAT(cells("/memory@0", "reg"), ElementsAre(0, 0, 1, 0x2000'0000));
    EXPECT_THAT(cells("/memory@0", "ibm,associativity"), ElementsAre(4, 0, 0, 8, 8));
}

TEST_F(PartitionTreeTest, SaysNothingOfASingleNode) {
    tell_of_nodes();
    domains_.pop_back();
    what_.nodes.domains = domains_;
    write();
    for (const char* path : {"/cpus/PowerPC,POWER9@0", "/memory@0"})
        EXPECT_FALSE(has(path, "ibm,associativity")) << path;
    EXPECT_FALSE(has("/rtas", "ibm,associativity-reference-points"));
    EXPECT_EQ(bytes("/chosen", "ibm,architecture-vec-5")[5], '\0');
}

TEST_F(PartitionTreeTest, FitsItsCapacityAndSaysWhereABufferIsTooSmall) {
    const std::string bootargs(max_bootargs, 'x');
    what_.bootargs = bootargs;
    what_.virtual_processors = max_virtual_processors;
    what_.processor.family = ProcessorFamily::power10;
    what_.large_pages = true;
    const std::vector<RtasToken> many(40, {"ibm,some-quite-long-rtas-call-name", 1});
    what_.rtas_calls = many;
    tell_of_nodes();
    domains_.assign(max_host_ranges, {});
    for (HostAssociativity& domains : domains_)
        while (domains.push_back(0x7fff'ffff)) {}
    homes_.assign(max_virtual_processors, 1);
    units_.resize(max_tree_units);
    for (std::size_t i = 0; i < max_tree_units; ++i)
        units_[i] = static_cast<std::uint8_t>(i % max_host_ranges);
    what_.nodes.domains = domains_;
    what_.nodes.of_processor = homes_;
    what_.nodes.of_memory = units_;
    what_.nodes.unit = what_.memory / max_tree_units;
    write();
    const std::size_t size = fdt_totalsize(fdt());
    std::vector<std::uint64_t> exact(size / 8 + 1);
    EXPECT_EQ(write_partition_tree(what_, std::as_writable_bytes(std::span(exact)).first(size)), size);
    for (const std::size_t less :
         {std::size_t{0}, std::size_t{8}, std::size_t{40}, std::size_t{100}, size / 2, size - 1})
        EXPECT_EQ(write_partition_tree(what_, std::as_writable_bytes(std::span(exact)).first(less)),
                  std::unexpected(TreeError::no_space))
            << less;
}

TEST(TreeWriter, RefusesANameThatIsTooLong) {
    std::vector<std::uint64_t> buffer(128);
    TreeWriter tree(std::as_writable_bytes(std::span(buffer)), {});
    tree.begin("");
    tree.flag(std::string(64, 'p'));
    tree.end();
    EXPECT_EQ(tree.finish(), 0u);
}

} // namespace
} // namespace transom::tree
