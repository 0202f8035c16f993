// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/hcall/table.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {

using papr::Op;
using Set = papr::FunctionSet;

/// A call that is not made often: one at a time in a partition.
template <Handler handler> Outcome one_at_a_time(partition::Vcpu& vcpu) {
    const Locked devices(vcpu.partition->devices);
    return handler(vcpu);
}

/// The table of hypervisor calls, by rising token: a row is all that there is to say about a call. Dispatch,
/// ibm,hypertas-functions, what a partition is allowed, counters, traces, documents and tests are made of it.
inline constexpr std::array table{
    Row{Op::remove, Set::pft, {3, 2}, h_remove, "H_REMOVE"},
    Row{Op::enter, Set::pft, {4, 1}, h_enter, "H_ENTER"},
    Row{Op::read, Set::pft, {2, 8}, h_read, "H_READ"},
    Row{Op::clear_mod, Set::pft, {2, 1}, h_clear_mod, "H_CLEAR_MOD"},
    Row{Op::clear_ref, Set::pft, {2, 1}, h_clear_ref, "H_CLEAR_REF"},
    Row{Op::protect, Set::pft, {3, 0}, h_protect, "H_PROTECT"},
    Row{Op::set_sprg0, Set::sprg0, {1, 0}, h_set_sprg0, "H_SET_SPRG0"},
    Row{Op::set_dabr, Set::dabr, {1, 0}, h_set_dabr, "H_SET_DABR"},
    Row{Op::page_init, Set::copy, {3, 0}, h_page_init, "H_PAGE_INIT"},
    Row{Op::logical_ci_load, Set::debug, {2, 1}, h_logical_ci_load, "H_LOGICAL_CI_LOAD"},
    Row{Op::logical_ci_store, Set::debug, {3, 0}, h_logical_ci_store, "H_LOGICAL_CI_STORE"},
    Row{Op::logical_cache_load, Set::none, {2, 1}, h_logical_cache_load, "H_LOGICAL_CACHE_LOAD"},
    Row{Op::logical_cache_store, Set::none, {3, 0}, h_logical_cache_store, "H_LOGICAL_CACHE_STORE"},
    Row{Op::logical_icbi, Set::none, {1, 0}, h_logical_icbi, "H_LOGICAL_ICBI"},
    Row{Op::logical_dcbf, Set::none, {1, 0}, h_logical_dcbf, "H_LOGICAL_DCBF"},
    Row{Op::get_term_char, Set::term, {1, 3}, one_at_a_time<h_get_term_char>, "H_GET_TERM_CHAR"},
    Row{Op::put_term_char, Set::term, {4, 0}, one_at_a_time<h_put_term_char>, "H_PUT_TERM_CHAR"},
    Row{Op::eoi, Set::interrupt, {1, 0}, h_eoi, "H_EOI"},
    Row{Op::cppr, Set::interrupt, {1, 0}, h_cppr, "H_CPPR"},
    Row{Op::ipi, Set::interrupt, {2, 0}, h_ipi, "H_IPI"},
    Row{Op::ipoll, Set::interrupt, {1, 2}, h_ipoll, "H_IPOLL"},
    Row{Op::xirr, Set::interrupt, {0, 1}, h_xirr, "H_XIRR"},
    Row{Op::register_vpa, Set::splpar, {3, 0}, one_at_a_time<h_register_vpa>, "H_REGISTER_VPA"},
    Row{Op::cede, Set::splpar, {0, 0}, h_cede, "H_CEDE"},
    Row{Op::confer, Set::splpar, {2, 0}, h_confer, "H_CONFER"},
    Row{Op::prod, Set::splpar, {1, 0}, h_prod, "H_PROD"},
    Row{Op::get_ppp, Set::splpar, {0, 5}, h_get_ppp, "H_GET_PPP"},
    Row{Op::set_ppp, Set::splpar, {2, 0}, h_set_ppp, "H_SET_PPP"},
    Row{Op::purr, Set::splpar, {0, 1}, h_purr, "H_PURR"},
    Row{Op::pic, Set::pic, {0, 2}, h_pic, "H_PIC"},
    Row{Op::bulk_remove, Set::bulk, {8, 8}, h_bulk_remove, "H_BULK_REMOVE"},
    Row{Op::set_xdabr, Set::xdabr, {2, 0}, h_set_xdabr, "H_SET_XDABR"},
    Row{Op::get_cpu_characteristics, Set::none, {0, 2}, h_get_cpu_characteristics, "H_GET_CPU_CHARACTERISTICS"},
    Row{Op::poll_pending, Set::poll_pending, {0, 0}, h_poll_pending, "H_POLL_PENDING"},
    Row{Op::join, Set::join, {0, 0}, h_join, "H_JOIN"},
    Row{Op::donor_operation, Set::vasi, {1, 0}, one_at_a_time<h_donor_operation>, "H_DONOR_OPERATION"},
    Row{Op::vasi_signal, Set::vasi, {3, 0}, one_at_a_time<h_vasi_signal>, "H_VASI_SIGNAL"},
    Row{Op::vasi_state, Set::vasi, {1, 1}, one_at_a_time<h_vasi_state>, "H_VASI_STATE"},
    Row{Op::home_node_associativity, Set::vphn, {2, 6}, h_home_node_associativity, "H_HOME_NODE_ASSOCIATIVITY"},
    Row{Op::xirr_x, Set::interrupt, {1, 2}, h_xirr_x, "H_XIRR_X"},
    Row{Op::random, Set::random, {0, 1}, h_random, "H_RANDOM"},
    Row{Op::set_mode, Set::set_mode, {4, 0}, one_at_a_time<h_set_mode>, "H_SET_MODE"},
    Row{Op::block_remove, Set::block_remove, {9, 8}, h_block_remove, "H_BLOCK_REMOVE"},
    Row{Op::clear_hpt, Set::clr_hpt, {0, 0}, h_clear_hpt, "H_CLEAR_HPT"},
    Row{Op::resize_hpt_prepare, Set::hpt_resize, {2, 0}, h_resize_hpt_prepare, "H_RESIZE_HPT_PREPARE"},
    Row{Op::resize_hpt_commit, Set::hpt_resize, {2, 0}, h_resize_hpt_commit, "H_RESIZE_HPT_COMMIT"},
    Row{Op::register_proc_tbl, Set::none, {4, 0}, h_register_proc_tbl, "H_REGISTER_PROC_TBL"},
    Row{Op::signal_sys_reset, Set::none, {1, 0}, h_signal_sys_reset, "H_SIGNAL_SYS_RESET"},
    Row{Op::rtas, Set::none, {1, 0}, one_at_a_time<h_rtas>, "H_RTAS"},
    Row{Op::affinity, Set::affinity, {4, 1}, one_at_a_time<h_affinity>, "H_AFFINITY"},
};

constexpr std::uint32_t token_of(const Row& row) { return static_cast<std::uint32_t>(row.op); }

static_assert(std::ranges::is_sorted(table, std::ranges::less_equal{}, token_of) &&
                  std::ranges::adjacent_find(table, {}, token_of) == table.end(),
              "rows are by rising token, each token once");
static_assert(std::ranges::all_of(table, [](const Row& row) { return token_of(row) % 4 == 0; }));
static_assert(std::ranges::all_of(table, [](const Row& row) { return !row.name.empty(); }));
static_assert(std::ranges::all_of(table,
                                  [](const Row& row) { return row.shape.inputs <= 9 && row.shape.outputs <= 9; }),
              "arguments and outputs are in r4 to r12");
static_assert(table.size() <= unknown_row);

/// Row of each token divided by 4: one index for LoPAR's tokens, one for those from 0xf000 on.
constexpr std::uint32_t platform_base = 0xf000;
template <std::uint32_t base, std::size_t size> constexpr auto make_index() {
    std::array<std::uint8_t, size> index;
    index.fill(unknown_row);
    for (std::size_t i = 0; i < table.size(); ++i)
        if (token_of(table[i]) >= base && (token_of(table[i]) - base) / 4 < size)
            index[(token_of(table[i]) - base) / 4] = static_cast<std::uint8_t>(i);
    return index;
}
inline constexpr auto architected = make_index<0, 0x500 / 4>();
inline constexpr auto platform = make_index<platform_base, 0x104 / 4>();

static_assert(std::ranges::all_of(table, [](const Row& row) {
    return token_of(row) / 4 < architected.size() ||
           (token_of(row) >= platform_base && (token_of(row) - platform_base) / 4 < platform.size());
}));

/// Index of a token's row, or unknown_row.
inline std::uint8_t row_of(std::uint64_t token) {
    // Rotated, a token that is no multiple of 4 is a huge number.
    const std::uint64_t number = std::rotr(token, 2);
    if (number < architected.size()) [[likely]]
        return architected[number];
    if (number - platform_base / 4 < platform.size())
        return platform[number - platform_base / 4];
    return unknown_row;
}

} // namespace transom::hcall
