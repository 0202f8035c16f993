// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Op;

constexpr std::array table{
    Row{Op::remove, Set::pft, h_remove, "H_REMOVE"},
    Row{Op::enter, Set::pft, h_enter, "H_ENTER"},
    Row{Op::read, Set::pft, h_read, "H_READ"},
    Row{Op::clear_mod, Set::pft, h_clear_mod, "H_CLEAR_MOD"},
    Row{Op::clear_ref, Set::pft, h_clear_ref, "H_CLEAR_REF"},
    Row{Op::protect, Set::pft, h_protect, "H_PROTECT"},
    Row{Op::set_sprg0, Set::sprg0, h_set_sprg0, "H_SET_SPRG0"},
    Row{Op::set_dabr, Set::dabr, h_set_dabr, "H_SET_DABR"},
    Row{Op::page_init, Set::copy, h_page_init, "H_PAGE_INIT"},
    Row{Op::logical_ci_load, Set::debug, h_logical_ci_load, "H_LOGICAL_CI_LOAD"},
    Row{Op::logical_ci_store, Set::debug, h_logical_ci_store, "H_LOGICAL_CI_STORE"},
    Row{Op::logical_cache_load, Set::none, h_logical_cache_load, "H_LOGICAL_CACHE_LOAD"},
    Row{Op::logical_cache_store, Set::none, h_logical_cache_store, "H_LOGICAL_CACHE_STORE"},
    Row{Op::logical_icbi, Set::none, h_logical_icbi, "H_LOGICAL_ICBI"},
    Row{Op::logical_dcbf, Set::none, h_logical_dcbf, "H_LOGICAL_DCBF"},
    Row{Op::get_term_char, Set::term, h_get_term_char, "H_GET_TERM_CHAR"},
    Row{Op::put_term_char, Set::term, h_put_term_char, "H_PUT_TERM_CHAR"},
    Row{Op::eoi, Set::interrupt, h_eoi, "H_EOI"},
    Row{Op::cppr, Set::interrupt, h_cppr, "H_CPPR"},
    Row{Op::ipi, Set::interrupt, h_ipi, "H_IPI"},
    Row{Op::ipoll, Set::interrupt, h_ipoll, "H_IPOLL"},
    Row{Op::xirr, Set::interrupt, h_xirr, "H_XIRR"},
    Row{Op::register_vpa, Set::splpar, h_register_vpa, "H_REGISTER_VPA"},
    Row{Op::cede, Set::splpar, h_cede, "H_CEDE"},
    Row{Op::confer, Set::splpar, h_confer, "H_CONFER"},
    Row{Op::prod, Set::splpar, h_prod, "H_PROD"},
    Row{Op::get_ppp, Set::splpar, h_get_ppp, "H_GET_PPP"},
    Row{Op::set_ppp, Set::splpar, h_set_ppp, "H_SET_PPP"},
    Row{Op::purr, Set::splpar, h_purr, "H_PURR"},
    Row{Op::pic, Set::pic, h_pic, "H_PIC"},
    Row{Op::bulk_remove, Set::bulk, h_bulk_remove, "H_BULK_REMOVE"},
    Row{Op::set_xdabr, Set::xdabr, h_set_xdabr, "H_SET_XDABR"},
    Row{Op::get_cpu_characteristics, Set::none, h_get_cpu_characteristics, "H_GET_CPU_CHARACTERISTICS"},
    Row{Op::poll_pending, Set::poll_pending, h_poll_pending, "H_POLL_PENDING"},
    Row{Op::join, Set::join, h_join, "H_JOIN"},
    Row{Op::donor_operation, Set::vasi, h_donor_operation, "H_DONOR_OPERATION"},
    Row{Op::vasi_signal, Set::vasi, h_vasi_signal, "H_VASI_SIGNAL"},
    Row{Op::vasi_state, Set::vasi, h_vasi_state, "H_VASI_STATE"},
    Row{Op::home_node_associativity, Set::vphn, h_home_node_associativity, "H_HOME_NODE_ASSOCIATIVITY"},
    Row{Op::xirr_x, Set::interrupt, h_xirr_x, "H_XIRR_X"},
    Row{Op::random, Set::random, h_random, "H_RANDOM"},
    Row{Op::set_mode, Set::set_mode, h_set_mode, "H_SET_MODE"},
    Row{Op::block_remove, Set::block_remove, h_block_remove, "H_BLOCK_REMOVE"},
    Row{Op::clear_hpt, Set::clr_hpt, h_clear_hpt, "H_CLEAR_HPT"},
    Row{Op::register_proc_tbl, Set::none, h_register_proc_tbl, "H_REGISTER_PROC_TBL"},
    Row{Op::signal_sys_reset, Set::none, h_signal_sys_reset, "H_SIGNAL_SYS_RESET"},
    Row{Op::rtas, Set::none, h_rtas, "H_RTAS"},
};

constexpr std::uint32_t token_of(const Row& row) { return static_cast<std::uint32_t>(row.op); }

static_assert(std::ranges::is_sorted(table, std::ranges::less_equal{}, token_of) &&
                  std::ranges::adjacent_find(table, {}, token_of) == table.end(),
              "rows are by rising token, each token once");
static_assert(std::ranges::all_of(table, [](const Row& row) { return token_of(row) % 4 == 0; }));
static_assert(std::ranges::all_of(table, [](const Row& row) { return !row.name.empty(); }));
static_assert(table.size() <= counter_count);

struct SetInfo {
    Set set;
    std::string_view name;
    std::size_t calls; // how many calls LoPAR puts into the set
};

/// LoPAR "Hypervisor call functions", column "function set".
constexpr std::array sets{
    SetInfo{Set::pft, "hcall-pft", 6},
    SetInfo{Set::sprg0, "hcall-sprg0", 1},
    SetInfo{Set::dabr, "hcall-dabr", 1},
    SetInfo{Set::copy, "hcall-copy", 1},
    SetInfo{Set::debug, "hcall-debug", 2},
    SetInfo{Set::term, "hcall-term", 2},
    SetInfo{Set::interrupt, "hcall-interrupt", 6},
    SetInfo{Set::splpar, "hcall-splpar", 7},
    SetInfo{Set::pic, "hcall-pic", 1},
    SetInfo{Set::bulk, "hcall-bulk", 1},
    SetInfo{Set::xdabr, "hcall-xdabr", 1},
    SetInfo{Set::poll_pending, "hcall-poll-pending", 1},
    SetInfo{Set::join, "hcall-join", 1},
    SetInfo{Set::vasi, "hcall-vasi", 3},
    SetInfo{Set::vphn, "hcall-vphn", 1},
    SetInfo{Set::random, "hcall-random", 1},
    SetInfo{Set::set_mode, "hcall-set-mode", 1},
    SetInfo{Set::block_remove, "hcall-block-remove", 1},
    SetInfo{Set::clr_hpt, "hcall-clr-hpt", 1},
};

constexpr std::size_t rows_of(Set set) { return static_cast<std::size_t>(std::ranges::count(table, set, &Row::set)); }

static_assert(std::ranges::all_of(sets,
                                  [](const SetInfo& info) {
                                      return rows_of(info.set) == 0 || rows_of(info.set) == info.calls;
                                  }),
              "a function set is there as a whole or not at all");
static_assert(std::ranges::all_of(table, [](const Row& row) {
    return row.set == Set::none || std::ranges::count(sets, row.set, &SetInfo::set) == 1;
}));

constexpr std::size_t advertised_count =
    static_cast<std::size_t>(std::ranges::count_if(sets, [](const SetInfo& info) { return rows_of(info.set) != 0; }));

constexpr auto advertised = [] {
    std::array<std::string_view, advertised_count> names;
    std::size_t n = 0;
    for (const SetInfo& info : sets)
        if (rows_of(info.set) != 0)
            names[n++] = info.name;
    return names;
}();

/// Row of each token divided by 4: one index for LoPAR's tokens, one for those from 0xf000 on.
constexpr std::uint32_t platform_base = 0xf000;
constexpr std::uint8_t no_row = 0xff;
template <std::uint32_t base, std::size_t size> constexpr auto make_index() {
    std::array<std::uint8_t, size> index;
    index.fill(no_row);
    for (std::size_t i = 0; i < table.size(); ++i)
        if (token_of(table[i]) >= base && (token_of(table[i]) - base) / 4 < size)
            index[(token_of(table[i]) - base) / 4] = static_cast<std::uint8_t>(i);
    return index;
}
constexpr auto architected = make_index<0, 0x500 / 4>();
constexpr auto platform = make_index<platform_base, 0x100 / 4>();

static_assert(std::ranges::all_of(table, [](const Row& row) {
    return token_of(row) / 4 < architected.size() ||
           (token_of(row) >= platform_base && (token_of(row) - platform_base) / 4 < platform.size());
}));

} // namespace

std::span<const Row> rows() { return table; }

const Row* find(std::uint64_t token) {
    if (token % 4 != 0)
        return nullptr;
    std::uint8_t i = no_row;
    if (token / 4 < architected.size())
        i = architected[token / 4];
    else if (token >= platform_base && (token - platform_base) / 4 < platform.size())
        i = platform[(token - platform_base) / 4];
    return i == no_row ? nullptr : &table[i];
}

std::string_view set_name(Set set) {
    const auto info = std::ranges::find(sets, set, &SetInfo::set);
    return info == sets.end() ? std::string_view{} : info->name;
}

std::span<const std::string_view> hypertas_functions() { return advertised; }

bool is_offered(std::string_view set, const partition::Partition& partition) {
    if (set == set_name(Set::vphn))
        return !partition.home_node.empty();
    if (set == set_name(Set::random))
        return partition.random != nullptr;
    return true;
}

} // namespace transom::hcall
