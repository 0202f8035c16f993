// SPDX-License-Identifier: Apache-2.0
// The calls that are measured. What a call is given is what Linux gives it: entries with R and C set, entered into a group
// and removed by their virtual page.
#include "calls.hpp"

#include "../common/hypercall.hpp"

#include <transom/base/big_endian.hpp>

namespace bench {

namespace {

namespace call = guest::call;
namespace status = guest::status;

constexpr std::uint64_t unknown = 0x7ffc, page_init = 0x2c; // LoPAR defines no call 0x7ffc
constexpr std::uint64_t nobody = 999, self = 0;             // processors
constexpr std::uint64_t by_virtual_page = std::uint64_t{1} << 31, read_four = std::uint64_t{1} << 37,
                        zero_page = 0x8000;
constexpr std::uint64_t no_request = 0xff, all_priorities = 0xff, ipi_source = 2;
constexpr std::uint64_t terminal = 0x7100'0000;
constexpr std::uint64_t add_area = std::uint64_t{1} << 45, drop_area = std::uint64_t{5} << 45;

constexpr std::uint64_t pp_both = 2, pp_read_only = 3, memory_coherent = 0x10, referenced_and_changed = 0x180;

template <class... Args> Step step(std::int64_t expected, std::uint64_t token, Args... arguments) {
    Step made{.registers = {token}, .status = expected};
    std::size_t n = 0;
    ((made.registers[++n] = static_cast<std::uint64_t>(arguments)), ...);
    return made;
}

alignas(4096) std::array<std::byte, 4096> target_page, vpa_page;

/// 4 KiB pages of a 256 MiB segment. Power ISA 2.07 Book III-S 5.7.7.
constexpr std::uint64_t vsid = 0x71;

struct Page {
    std::uint64_t group, d0, d1;
};

Page page(const guest::Machine& machine, std::uint64_t number) {
    const std::uint64_t groups = std::uint64_t{1} << (machine.table_shift - 7);
    return {.group = ((vsid ^ number) & (groups - 1)) * 8,
            .d0 = (vsid << 5 | number >> 11) << 7 | 1,
            .d1 = reinterpret_cast<std::uint64_t>(target_page.data()) | referenced_and_changed | memory_coherent |
                  pp_both};
}

std::uint64_t virtual_page(const Page& page) { return page.d0 & ~std::uint64_t{0x7f}; }

Step enter(const Page& page) { return step(status::success, call::enter, 0, page.group, page.d0, page.d1); }

Operation bulk_remove(const guest::Machine& machine) {
    constexpr std::uint64_t request = std::uint64_t{0x42} << 56; // by virtual page
    Operation operation{.name = "h_enter_4_bulk_remove", .steps = 5};
    Step removal = step(status::success, call::bulk_remove);
    for (std::uint64_t i = 0; i < 4; ++i) {
        const Page one = page(machine, 0x20 + i);
        operation.calls[i] = enter(one);
        removal.registers[1 + 2 * i] = request | one.group;
        removal.registers[2 + 2 * i] = virtual_page(one);
    }
    operation.calls[4] = removal;
    return operation;
}

std::array<Operation, 17> operations;

} // namespace

std::span<const Operation> make_operations(const guest::Machine& machine) {
    const Page kept = page(machine, 0), passing = page(machine, 0x10);
    if (guest::hcall(call::enter, 0, kept.group, kept.d0, kept.d1).status != status::success)
        guest::bail_out("H_ENTER refused an entry");
    transom::store_be<std::uint16_t>(vpa_page.data() + 4, 640); // its size
    const auto vpa = reinterpret_cast<std::uint64_t>(vpa_page.data());
    const auto target = reinterpret_cast<std::uint64_t>(target_page.data());

    operations = {{
        {"null", 1, 1, {step(status::function, unknown)}},
        {"prod_nobody", 1, 1, {step(status::parameter, call::prod, nobody)}},
        {"h_read", 1, 1, {step(status::success, call::read, 0, kept.group)}},
        {"h_read_4", 1, 1, {step(status::success, call::read, read_four, kept.group)}},
        {"h_protect",
         2,
         2,
         {step(status::success, call::protect, by_virtual_page | pp_read_only, kept.group, virtual_page(kept)),
          step(status::success, call::protect, by_virtual_page | pp_both, kept.group, virtual_page(kept))}},
        {"h_enter_remove",
         2,
         1,
         {enter(passing), step(status::success, call::remove, by_virtual_page, passing.group, virtual_page(passing))}},
        bulk_remove(machine),
        {"h_page_init_zero", 1, 1, {step(status::success, page_init, zero_page, target, 0)}},
        {"cede_prod", 2, 1, {step(status::success, call::prod, self), step(status::success, call::cede)}},
        {"confer_nobody", 1, 1, {step(status::parameter, call::confer, nobody, 0)}},
        {"h_cppr", 1, 1, {step(status::success, call::cppr, all_priorities)}},
        {"h_xirr", 1, 1, {step(status::success, call::xirr)}},
        {"h_eoi", 1, 1, {step(status::success, call::eoi, all_priorities << 24 | ipi_source)}},
        {"h_ipi", 1, 1, {step(status::success, call::ipi, self, no_request)}},
        {"h_ipoll", 1, 1, {step(status::success, call::ipoll, self)}},
        {"h_get_term_char", 1, 1, {step(status::success, call::get_term_char, terminal)}},
        {"h_register_vpa",
         2,
         1,
         {step(status::success, call::register_vpa, add_area, self, vpa),
          step(status::success, call::register_vpa, drop_area, self, 0)}},
    }};
    return operations;
}

} // namespace bench
