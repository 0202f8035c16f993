// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <transom/base/panic.hpp>
#include <transom/hcall/allowed_calls.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

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

/// What no call, or none that this partition may make, is answered with.
Outcome h_function(partition::Vcpu&) { return papr::Status::function; }

} // namespace

std::span<const Row> rows() { return table; }

const Row* find(std::uint64_t token) {
    const std::uint8_t i = row_of(token);
    return i == unknown_row ? nullptr : &table[i];
}

std::string_view set_name(Set set) {
    const auto info = std::ranges::find(sets, set, &SetInfo::set);
    return info == sets.end() ? std::string_view{} : info->name;
}

std::optional<Set> set_named(std::string_view name) {
    const auto info = std::ranges::find(sets, name, &SetInfo::name);
    return info == sets.end() ? std::nullopt : std::optional(info->set);
}

SetNames hypertas_functions(Sets allowed) {
    SetNames names;
    for (const SetInfo& info : sets)
        if (rows_of(info.set) != 0 && allowed.contains(info.set))
            invariant(names.push_back(info.name), "more function sets than there is room for");
    return names;
}

void AllowedCalls::allow(Sets sets) {
    sets_ = sets;
    handlers_.fill(h_function);
    for (std::size_t i = 0; i < table.size(); ++i)
        if (sets.contains(table[i].set))
            handlers_[i] = table[i].handler;
}

bool is_offered(std::string_view set, const partition::Partition& partition) {
    if (set == set_name(Set::vphn))
        return !partition.home_node.empty();
    if (set == set_name(Set::random))
        return partition.random != nullptr;
    return true;
}

} // namespace transom::hcall
