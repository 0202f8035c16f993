// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <libfdt.h>
#include <optional>
#include <span>
#include <transom/base/big_endian.hpp>
#include <transom/tree/host_tree.hpp>

namespace transom::tree {

namespace {

std::string_view property_text(const void* fdt, int node, const char* name) {
    int size = 0;
    const void* value = fdt_getprop(fdt, node, name, &size);
    if (value == nullptr || size <= 0)
        return {};
    const auto* text = static_cast<const char*>(value);
    return {text, strnlen(text, static_cast<std::size_t>(size))};
}

/// An integer of one or two cells.
std::optional<std::uint64_t> property_number(const void* fdt, int node, const char* name) {
    int size = 0;
    const auto* value = static_cast<const std::byte*>(fdt_getprop(fdt, node, name, &size));
    if (value != nullptr && size == 4)
        return load_be<std::uint32_t>(value);
    if (value != nullptr && size == 8)
        return load_be<std::uint64_t>(value);
    return std::nullopt;
}

/// The node number of a memory or processor node: the chip, else 0.
std::uint32_t node_of(const void* fdt, int node) {
    return static_cast<std::uint32_t>(property_number(fdt, node, "ibm,chip-id").value_or(0));
}

/// Calls `with` for each (address, size) of a node's reg property.
template <class F> void for_each_reg(const void* fdt, int node, F with) {
    const int parent = fdt_parent_offset(fdt, node);
    const int address_cells = fdt_address_cells(fdt, parent), size_cells = fdt_size_cells(fdt, parent);
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
        return;
    int size = 0;
    const auto* value = static_cast<const std::byte*>(fdt_getprop(fdt, node, "reg", &size));
    const auto take = [&value](int cells) {
        const std::uint64_t number = cells == 2 ? load_be<std::uint64_t>(value) : load_be<std::uint32_t>(value);
        value += cells * 4;
        return number;
    };
    for (int left = value != nullptr ? size : 0; left >= (address_cells + size_cells) * 4;
         left -= (address_cells + size_cells) * 4) {
        const RealAddr begin{take(address_cells)};
        const Bytes n = take(size_cells);
        with(RealRange{begin, n});
    }
}

class Reader {
  public:
    explicit Reader(const void* fdt) : fdt_(fdt) {}

    std::expected<HostMachine, HostTreeError> read() {
        if (fdt_check_header(fdt_) != 0)
            return std::unexpected(HostTreeError::not_a_tree);
        const std::string_view model = property_text(fdt_, 0, "model");
        std::copy_n(model.begin(), std::min(model.size(), machine_.model.size() - 1), machine_.model.begin());
        machine_.emulated = property_text(fdt_, 0, "compatible").starts_with("qemu,");
        read_memory();
        read_processors();
        read_reference_points();
        read_reserved();
        read_initrd();
        if (machine_.memory.empty())
            return std::unexpected(HostTreeError::no_memory);
        if (machine_.processors.empty())
            return std::unexpected(HostTreeError::no_processor);
        if (machine_.timebase_frequency == 0)
            return std::unexpected(HostTreeError::no_timebase);
        return machine_;
    }

  private:
    template <class T, std::size_t n> void keep(StaticVector<T, n>& list, const T& element) {
        if (!list.push_back(element))
            ++machine_.ignored;
    }

    void read_memory() {
        for (int node = fdt_first_subnode(fdt_, 0); node >= 0; node = fdt_next_subnode(fdt_, node)) {
            if (property_text(fdt_, node, "device_type") != "memory")
                continue;
            for_each_reg(fdt_, node, [&](RealRange range) {
                if (!range.empty())
                    keep(machine_.memory, HostMemory{range, node_of(fdt_, node), associativity(node)});
            });
        }
        std::sort(machine_.memory.begin(), machine_.memory.end(),
                  [](const HostMemory& a, const HostMemory& b) { return a.range.begin < b.range.begin; });
    }

    void read_processors() {
        const int cpus = fdt_path_offset(fdt_, "/cpus");
        for (int node = cpus >= 0 ? fdt_first_subnode(fdt_, cpus) : -1; node >= 0;
             node = fdt_next_subnode(fdt_, node)) {
            if (property_text(fdt_, node, "device_type") != "cpu")
                continue;
            if (machine_.timebase_frequency == 0)
                machine_.timebase_frequency =
                    static_cast<std::uint32_t>(property_number(fdt_, node, "timebase-frequency").value_or(0));
            int size = 0;
            const auto* servers =
                static_cast<const std::byte*>(fdt_getprop(fdt_, node, "ibm,ppc-interrupt-server#s", &size));
            for (int i = 0; servers != nullptr && i + 4 <= size; i += 4)
                keep(machine_.processors,
                     HostProcessor{load_be<std::uint32_t>(servers + i), node_of(fdt_, node), associativity(node)});
        }
    }

    /// The first list of the property: a count, then the domains.
    HostAssociativity associativity(int node) const {
        HostAssociativity domains;
        const auto list = cells(node, "ibm,associativity");
        for (std::size_t i = 1; i < list.size() && i <= load_be<std::uint32_t>(list[0].data()); ++i)
            if (!domains.push_back(load_be<std::uint32_t>(list[i].data())))
                break;
        return domains;
    }

    /// Firmware's node has them: OPAL's on powernv, RTAS's on pseries.
    void read_reference_points() {
        for (const char* path : {"/ibm,opal", "/rtas"})
            for (const auto& cell : cells(fdt_path_offset(fdt_, path), "ibm,associativity-reference-points"))
                keep(machine_.reference_points, load_be<std::uint32_t>(cell.data()));
    }

    /// A property as a list of cells. None of a node that is not there.
    std::span<const std::array<std::byte, 4>> cells(int node, const char* name) const {
        int size = 0;
        const void* value = node >= 0 ? fdt_getprop(fdt_, node, name, &size) : nullptr;
        if (value == nullptr)
            return {};
        return {static_cast<const std::array<std::byte, 4>*>(value), static_cast<std::size_t>(size) / 4};
    }

    void read_reserved() {
        for (int i = 0; i < fdt_num_mem_rsv(fdt_); ++i) {
            std::uint64_t begin = 0, size = 0;
            if (fdt_get_mem_rsv(fdt_, i, &begin, &size) == 0 && size != 0)
                keep(machine_.reserved, RealRange{{begin}, size});
        }
        const int parent = fdt_path_offset(fdt_, "/reserved-memory");
        for (int node = parent >= 0 ? fdt_first_subnode(fdt_, parent) : -1; node >= 0;
             node = fdt_next_subnode(fdt_, node))
            for_each_reg(fdt_, node, [&](RealRange range) {
                if (!range.empty())
                    keep(machine_.reserved, range);
            });
    }

    void read_initrd() {
        const int chosen = fdt_path_offset(fdt_, "/chosen");
        if (chosen < 0)
            return;
        const auto begin = property_number(fdt_, chosen, "linux,initrd-start");
        const auto end = property_number(fdt_, chosen, "linux,initrd-end");
        if (begin && end && *end > *begin)
            machine_.initrd = {{*begin}, *end - *begin};
    }

    const void* fdt_;
    HostMachine machine_;
};

} // namespace

std::string_view describe(HostTreeError error) {
    switch (error) {
    case HostTreeError::not_a_tree:
        return "firmware gave no flattened device tree";
    case HostTreeError::no_memory:
        return "the device tree has no memory node";
    case HostTreeError::no_processor:
        return "the device tree has no cpu node";
    case HostTreeError::no_timebase:
        return "the device tree gives no timebase-frequency";
    }
    return "unknown error";
}

std::expected<HostMachine, HostTreeError> read_host_tree(const void* fdt) { return Reader(fdt).read(); }

} // namespace transom::tree
