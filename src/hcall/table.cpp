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

/// Where calls go while there are two page tables.
struct Diversion {
    papr::Op op;
    Handler handler;
};
constexpr std::array diversions{
    Diversion{Op::remove, h_remove_dual},
    Diversion{Op::enter, h_enter_dual},
    Diversion{Op::read, h_read_dual},
    Diversion{Op::clear_mod, h_clear_mod_dual},
    Diversion{Op::clear_ref, h_clear_ref_dual},
    Diversion{Op::protect, h_protect_dual},
    Diversion{Op::bulk_remove, h_bulk_remove_dual},
    Diversion{Op::block_remove, h_block_remove_dual},
    Diversion{Op::clear_hpt, h_clear_hpt_dual},
};

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

void AllowedCalls::divert(bool on) {
    for (const Diversion& diversion : diversions) {
        const std::uint8_t i = row_of(static_cast<std::uint32_t>(diversion.op));
        if (sets_.contains(table[i].set))
            handlers_[i].store(on ? diversion.handler : table[i].handler, std::memory_order_release);
    }
}

} // namespace transom::hcall
