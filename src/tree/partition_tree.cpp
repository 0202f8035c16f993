// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <papr/hpt.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/tree/partition_tree.hpp>
#include <transom/tree/tree_writer.hpp>
#include <transom/vio/terminal.hpp>

namespace transom::tree {

namespace {

constexpr std::uint32_t presentation_phandle = 1;
constexpr std::uint32_t edge_triggered = 0;
constexpr std::string_view terminal_path = "/vdevice/vty@71000000";
static_assert(vio::terminal_unit == 0x71000000);

constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

using OptionVector5 = std::array<std::byte, 27>;

/// The negotiated option vector 5, byte 0 being its length less one: XICS (byte 23), the hashed page table (byte 24), and
/// form 1 of associativity (byte 5) where it is told of nodes. LoPAR, "ibm,architecture-vec-5".
constexpr OptionVector5 option_vector_5(bool told_of_nodes) {
    OptionVector5 vector{std::byte{25}};
    vector[5] = told_of_nodes ? std::byte{0x80} : std::byte{0};
    return vector;
}

/// ibm,segment-page-sizes: for each base size its segment encoding, then each actual size with its entry encoding.
using PageSizeCells = StaticVector<std::uint32_t, 32>;

PageSizeCells page_size_cells(bool large_pages) {
    PageSizeCells cells;
    const auto add = [&](std::uint32_t cell) { invariant(cells.push_back(cell), "more page sizes than expected"); };
    const auto offered = [&](papr::PageSize size) { return large_pages || size != papr::PageSize::mib_16; };
    for (const papr::PageSize base : {papr::PageSize::kib_4, papr::PageSize::kib_64, papr::PageSize::mib_16}) {
        if (!offered(base))
            continue;
        const auto ours = [&](const papr::PageSizes& s) { return s.base == base && offered(s.actual); };
        add(shift(base));
        add(static_cast<std::uint32_t>(segment_encoding(base)));
        add(static_cast<std::uint32_t>(std::ranges::count_if(papr::page_sizes, ours)));
        for (const papr::PageSizes& sizes : papr::page_sizes)
            if (ours(sizes)) {
                add(shift(sizes.actual));
                add(sizes.encoding);
            }
    }
    return cells;
}

void write_chosen(TreeWriter& tree, const PartitionTree& what) {
    tree.begin("chosen");
    tree.text("bootargs", what.bootargs);
    tree.text("stdout-path", terminal_path);
    tree.text("linux,stdout-path", terminal_path);
    if (!what.initramfs.empty()) {
        const std::uint64_t begin = what.initramfs.begin.value, end = what.initramfs.end().value;
        tree.cells("linux,initrd-start", {high(begin), low(begin)});
        tree.cells("linux,initrd-end", {high(end), low(end)});
    }
    tree.bytes("ibm,architecture-vec-5", option_vector_5(what.nodes.told()));
    tree.end();
}

/// Cells whose first says how many follow.
using CountedCells = StaticVector<std::uint32_t, max_associativity_levels + 1>;

CountedCells counted(const HostAssociativity& domains) {
    CountedCells cells;
    invariant(cells.push_back(static_cast<std::uint32_t>(domains.size())), "no room for a count");
    for (const std::uint32_t domain : domains)
        invariant(cells.push_back(domain), "no room for a domain");
    return cells;
}

void write_associativity(TreeWriter& tree, const TreeNodes& nodes, std::uint8_t node) {
    tree.cells("ibm,associativity", counted(nodes.domains[node]).span());
}

void write_reference_points(TreeWriter& tree, const TreeNodes& nodes) {
    HostAssociativity most; // domains at each level, if they count from 0 without a gap
    for (const HostAssociativity& domains : nodes.domains)
        for (std::size_t level = 0; level < domains.size(); ++level) {
            if (level == most.size())
                invariant(most.push_back(0), "more levels than a list has");
            most[level] = std::max(most[level], domains[level] + 1);
        }
    tree.cells("ibm,associativity-reference-points", nodes.reference_points);
    tree.cells("ibm,max-associativity-domains", counted(most).span());
}

void write_rtas(TreeWriter& tree, const PartitionTree& what) {
    tree.begin("rtas");
    tree.cells("linux,rtas-base", {low(what.rtas.begin.value)});
    tree.cells("linux,rtas-entry", {low(what.rtas.begin.value)});
    tree.cells("rtas-size", {low(what.rtas.size)});
    for (const RtasToken& call : what.rtas_calls) {
        tree.cells(call.name, {call.token});
        // Whoever offers a call has to say these too, or Linux complains.
        if (call.name == "ibm,os-term")
            tree.flag("ibm,extended-os-term");
        if (call.name == "event-scan") {
            tree.cells("rtas-event-scan-rate", {1}); // per minute
            tree.cells("rtas-error-log-max", {2048});
        }
    }
    tree.texts("ibm,hypertas-functions", what.hypertas_functions);
    if (what.nodes.told())
        write_reference_points(tree, what.nodes);
    tree.end();
}

void write_processor(TreeWriter& tree, const PartitionTree& what, std::uint32_t index) {
    const Processor& processor = what.processor;
    const FamilyTraits& family = traits(processor.family);
    tree.begin(family.node_name, index);
    tree.text("device_type", "cpu");
    tree.cells("reg", {index});
    tree.text("status", "okay");
    tree.cells("cpu-version", {processor.version});
    tree.flag("64-bit");
    tree.cells("ibm,ppc-interrupt-server#s", {index});
    tree.cells("ibm,ppc-interrupt-gserver#s", {index, 0});
    tree.cells("timebase-frequency", {processor.timebase_frequency});
    tree.cells("clock-frequency", {processor.clock_frequency});
    tree.cells("i-cache-size", {family.i_cache_size});
    tree.cells("d-cache-size", {family.d_cache_size});
    for (const std::string_view property :
         {"i-cache-line-size", "d-cache-line-size", "i-cache-block-size", "d-cache-block-size"})
        tree.cells(property, {family.cache_line_size});
    tree.cells("ibm,slb-size", {32});
    tree.cells("ibm,processor-segment-sizes",
               {shift(papr::SegmentSize::mib_256), shift(papr::SegmentSize::tib_1), ~0u, ~0u});
    tree.cells("ibm,segment-page-sizes", page_size_cells(what.large_pages).span());
    tree.cells("ibm,pft-size", {0, what.log2_page_table_size});
    tree.cells("ibm,vmx", {2}); // 2: VSX too
    tree.cells("ibm,dfp", {1});
    tree.cells("ibm,purr", {1});
    tree.cells("ibm,spurr", {1});
    tree.bytes("ibm,pa-features", pa_features(processor));
    if (what.nodes.told())
        write_associativity(tree, what.nodes, what.nodes.of_processor[index]);
    tree.end();
}

void write_processors(TreeWriter& tree, const PartitionTree& what) {
    tree.begin("cpus");
    tree.cells("#address-cells", {1});
    tree.cells("#size-cells", {0});
    for (std::uint32_t i = 0; i < what.virtual_processors; ++i)
        write_processor(tree, what, i);
    tree.end();
}

void write_devices(TreeWriter& tree, std::uint32_t terminals) {
    tree.begin("vdevice");
    tree.cells("#address-cells", {1});
    tree.cells("#size-cells", {0});
    tree.text("device_type", "vdevice");
    tree.text("compatible", "IBM,vdevice");
    tree.flag("interrupt-controller");
    tree.cells("#interrupt-cells", {2});
    tree.cells("interrupt-parent", {presentation_phandle});
    for (std::uint32_t i = 0; i < terminals; ++i) {
        tree.begin("vty", vio::terminal_unit + i);
        tree.text("device_type", "serial");
        tree.text("compatible", "hvterm1");
        tree.cells("reg", {low(vio::terminal_unit) + i});
        tree.cells("interrupts", {vio::terminal_source + i, edge_triggered});
        tree.end();
    }
    tree.end();
}

/// Where Linux looks for the generator. LoPAR "Children of the /ibm,platform-facilities Node".
void write_platform_facilities(TreeWriter& tree, const PartitionTree& what) {
    if (std::ranges::find(what.hypertas_functions, "hcall-random") == what.hypertas_functions.end())
        return;
    tree.begin("ibm,platform-facilities");
    tree.text("device_type", "ibm,platform-facilities");
    tree.cells("#address-cells", {1});
    tree.cells("#size-cells", {0});
    tree.begin("ibm,random-v1");
    tree.text("device_type", "ibm,random-v1");
    tree.text("compatible", "ibm,random");
    tree.text("status", "okay");
    tree.end();
    tree.end();
}

/// A "reg" of memory: base and size of each range, in two cells each.
using MemoryCells = StaticVector<std::uint32_t, 4 * max_tree_units>;

void add_range(MemoryCells& reg, LogicalRange range) {
    for (const std::uint64_t value : {range.begin.value, range.size})
        for (const std::uint32_t cell : {high(value), low(value)})
            invariant(reg.push_back(cell), "more ranges of memory than a tree has room for");
}

/// The runs of memory on a node, in the order of addresses.
MemoryCells memory_on(std::uint8_t node, const PartitionTree& what) {
    const TreeNodes& nodes = what.nodes;
    MemoryCells reg;
    LogicalRange run;
    for (std::size_t i = 0; i < nodes.of_memory.size(); ++i) {
        if (nodes.of_memory[i] != node)
            continue;
        const LogicalRange unit{{i * nodes.unit}, std::min(nodes.unit, what.memory - i * nodes.unit)};
        if (!run.empty() && run.end() == unit.begin) {
            run.size += unit.size;
            continue;
        }
        if (!run.empty())
            add_range(reg, run);
        run = unit;
    }
    if (!run.empty())
        add_range(reg, run);
    return reg;
}

void begin_memory(TreeWriter& tree, const MemoryCells& reg) {
    tree.begin("memory", std::uint64_t{reg[0]} << 32 | reg[1]);
    tree.text("device_type", "memory");
    tree.cells("reg", reg.span());
}

void write_memory_on(TreeWriter& tree, std::uint8_t node, const PartitionTree& what) {
    const MemoryCells reg = memory_on(node, what);
    if (reg.empty())
        return;
    begin_memory(tree, reg);
    write_associativity(tree, what.nodes, node);
    tree.end();
}

/// A memory node for each of the machine's; the one with the first memory comes first, as an operating system starts there.
void write_memory(TreeWriter& tree, const PartitionTree& what) {
    if (!what.nodes.told()) {
        MemoryCells reg;
        add_range(reg, {{0}, what.memory});
        begin_memory(tree, reg);
        return tree.end();
    }
    const std::uint8_t first = what.nodes.of_memory[0];
    write_memory_on(tree, first, what);
    for (std::uint8_t node = 0; node < what.nodes.domains.size(); ++node)
        if (node != first)
            write_memory_on(tree, node, what);
}

void write_interrupt_presentation(TreeWriter& tree, std::uint32_t servers) {
    tree.begin("interrupt-controller");
    tree.text("device_type", "PowerPC-External-Interrupt-Presentation");
    tree.text("compatible", "IBM,ppc-xicp");
    tree.flag("interrupt-controller");
    tree.cells("#interrupt-cells", {2});
    tree.cells("#address-cells", {0});
    tree.cells("ibm,interrupt-server-ranges", {0, servers});
    tree.cells("phandle", {presentation_phandle});
    tree.end();
}

} // namespace

std::expected<std::size_t, TreeError> write_partition_tree(const PartitionTree& what, std::span<std::byte> buffer) {
    TreeWriter tree(buffer, {what.rtas, what.initramfs});
    tree.begin("");
    tree.cells("#address-cells", {2});
    tree.cells("#size-cells", {2});
    tree.text("device_type", "chrp"); // what makes Linux take this for a LoPAR platform
    tree.text("compatible", "transom,partition");
    tree.text("model", "Transom");
    tree.text("ibm,partition-name", what.name);
    tree.cells("ibm,partition-no", {what.number});
    write_chosen(tree, what);
    write_rtas(tree, what);
    write_processors(tree, what);
    write_devices(tree, what.terminals);
    write_platform_facilities(tree, what);
    write_memory(tree, what);
    write_interrupt_presentation(tree, what.virtual_processors);
    tree.end();
    const std::size_t size = tree.finish();
    if (size == 0)
        return std::unexpected(TreeError::no_space);
    return size;
}

} // namespace transom::tree
