// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <transom/hcall/allowed_calls.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

constexpr std::size_t rows_of(Set set) { return static_cast<std::size_t>(std::ranges::count(table, set, &Row::set)); }

static_assert(std::ranges::all_of(papr::function_sets,
                                  [](const papr::FunctionSetInfo& info) { return rows_of(info.set) == info.calls; }),
              "a function set is there as a whole");
static_assert(std::ranges::all_of(table, [](const Row& row) {
    return row.set == Set::none || std::ranges::count(papr::function_sets, row.set, &papr::FunctionSetInfo::set) == 1;
}));
static_assert(papr::function_sets.size() <= max_function_sets);

/// Where calls go while there are two page tables, or one that is being resized.
struct Diversion {
    papr::Op op;
    Handler both;
    Handler resizing;
};
constexpr std::array diversions{
    Diversion{Op::remove, h_remove_dual, h_remove_resizing},
    Diversion{Op::enter, h_enter_dual, h_enter_resizing},
    Diversion{Op::read, h_read_dual, h_read_resizing},
    Diversion{Op::clear_mod, h_clear_mod_dual, h_clear_mod_resizing},
    Diversion{Op::clear_ref, h_clear_ref_dual, h_clear_ref_resizing},
    Diversion{Op::protect, h_protect_dual, h_protect_resizing},
    Diversion{Op::bulk_remove, h_bulk_remove_dual, h_bulk_remove_resizing},
    Diversion{Op::block_remove, h_block_remove_dual, h_block_remove_resizing},
    Diversion{Op::clear_hpt, h_clear_hpt_dual, h_clear_hpt_resizing},
};

Handler handler_of(const Diversion& diversion, const Row& row, dual::CallsGo where) {
    switch (where) {
    case dual::CallsGo::to_first:
        return row.handler;
    case dual::CallsGo::to_both:
        return diversion.both;
    case dual::CallsGo::to_resizing:
        return diversion.resizing;
    case dual::CallsGo::nowhere:
        return h_made_again;
    }
    return row.handler;
}

/// What no call, or none that this partition may make, is answered with.
Outcome h_function(partition::Vcpu&) { return papr::Status::function; }

} // namespace

std::span<const Row> rows() { return table; }

const Row* find(std::uint64_t token) {
    const std::uint8_t i = row_of(token);
    return i == unknown_row ? nullptr : &table[i];
}

SetNames hypertas_functions(papr::FunctionSets allowed) {
    SetNames names;
    for (const papr::FunctionSetInfo& info : papr::function_sets)
        if (allowed.contains(info.set))
            (void)names.push_back(info.name); // there is room for all of them
    return names;
}

void AllowedCalls::allow(papr::FunctionSets sets) {
    sets_ = sets;
    for (std::atomic<Handler>& handler : handlers_)
        handler.store(h_function, std::memory_order_relaxed);
    for (std::size_t i = 0; i < table.size(); ++i)
        if (sets.contains(table[i].set))
            handlers_[i].store(table[i].handler, std::memory_order_relaxed);
}

void AllowedCalls::divert(dual::CallsGo where) {
    for (const Diversion& diversion : diversions) {
        const std::uint8_t i = row_of(static_cast<std::uint32_t>(diversion.op));
        if (sets_.contains(table[i].set))
            handlers_[i].store(handler_of(diversion, table[i], where), std::memory_order_release);
    }
}

} // namespace transom::hcall
