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
    handlers_.fill(h_function);
    for (std::size_t i = 0; i < table.size(); ++i)
        if (sets.contains(table[i].set))
            handlers_[i] = table[i].handler;
}

} // namespace transom::hcall
