// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace papr {

/// Function sets of hypervisor calls. A set's number is its bit in the migration stream (docs/stream.md): numbers stay.
enum class FunctionSet : std::uint8_t {
    none = 0, // calls that are found by other means than ibm,hypertas-functions
    pft = 1,
    sprg0 = 2,
    dabr = 3,
    copy = 4,
    debug = 5,
    term = 6,
    interrupt = 7,
    splpar = 8,
    pic = 9,
    bulk = 10,
    xdabr = 11,
    poll_pending = 12,
    join = 13,
    vasi = 14,
    vphn = 15,
    random = 16,
    set_mode = 17,
    block_remove = 18,
    clr_hpt = 19,
    hpt_resize = 20,
    affinity = 21,
};

struct FunctionSetInfo {
    FunctionSet set;
    std::string_view name; // in ibm,hypertas-functions
    std::size_t calls;     // how many calls are in it
};

/// LoPAR "Hypervisor call functions", column "function set".
inline constexpr std::array function_sets{
    FunctionSetInfo{FunctionSet::pft, "hcall-pft", 6},
    FunctionSetInfo{FunctionSet::sprg0, "hcall-sprg0", 1},
    FunctionSetInfo{FunctionSet::dabr, "hcall-dabr", 1},
    FunctionSetInfo{FunctionSet::copy, "hcall-copy", 1},
    FunctionSetInfo{FunctionSet::debug, "hcall-debug", 2},
    FunctionSetInfo{FunctionSet::term, "hcall-term", 2},
    FunctionSetInfo{FunctionSet::interrupt, "hcall-interrupt", 6},
    FunctionSetInfo{FunctionSet::splpar, "hcall-splpar", 7},
    FunctionSetInfo{FunctionSet::pic, "hcall-pic", 1},
    FunctionSetInfo{FunctionSet::bulk, "hcall-bulk", 1},
    FunctionSetInfo{FunctionSet::xdabr, "hcall-xdabr", 1},
    FunctionSetInfo{FunctionSet::poll_pending, "hcall-poll-pending", 1},
    FunctionSetInfo{FunctionSet::join, "hcall-join", 1},
    FunctionSetInfo{FunctionSet::vasi, "hcall-vasi", 3},
    FunctionSetInfo{FunctionSet::vphn, "hcall-vphn", 1},
    FunctionSetInfo{FunctionSet::random, "hcall-random", 1},
    FunctionSetInfo{FunctionSet::set_mode, "hcall-set-mode", 1},
    FunctionSetInfo{FunctionSet::block_remove, "hcall-block-remove", 1},
    FunctionSetInfo{FunctionSet::clr_hpt, "hcall-clr-hpt", 1},
    FunctionSetInfo{FunctionSet::hpt_resize, "hcall-hpt-resize", 2},
    FunctionSetInfo{FunctionSet::affinity, "hcall-transom-affinity", 1}, // not LoPAR's
};

/// Empty for FunctionSet::none.
constexpr std::string_view name(FunctionSet set) {
    const auto* info = std::ranges::find(function_sets, set, &FunctionSetInfo::set);
    return info == function_sets.end() ? std::string_view{} : info->name;
}

constexpr std::optional<FunctionSet> function_set_named(std::string_view name) {
    const auto* info = std::ranges::find(function_sets, name, &FunctionSetInfo::name);
    return info == function_sets.end() ? std::nullopt : std::optional(info->set);
}

/// Some of the function sets. FunctionSet::none is always among them: it cannot be taken away.
class FunctionSets {
  public:
    constexpr FunctionSets() = default;
    /// Bits that are no set's stay: who got them from outside asks beyond().
    static constexpr FunctionSets from_bits(std::uint64_t bits) { return FunctionSets(bits | bit(FunctionSet::none)); }
    static constexpr FunctionSets all() {
        FunctionSets sets;
        for (const FunctionSetInfo& info : function_sets)
            sets.bits_ |= bit(info.set);
        return sets;
    }

    constexpr bool contains(FunctionSet set) const { return (bits_ & bit(set)) != 0; }
    constexpr FunctionSets without(FunctionSet set) const { return from_bits(bits_ & ~bit(set)); }
    constexpr FunctionSets common(FunctionSets other) const { return from_bits(bits_ & other.bits_); }
    /// Those that are not in `other`, as bits.
    constexpr std::uint64_t beyond(FunctionSets other) const { return bits_ & ~other.bits_; }
    constexpr std::uint64_t bits() const { return bits_; }
    constexpr bool operator==(const FunctionSets&) const = default;

  private:
    explicit constexpr FunctionSets(std::uint64_t bits) : bits_(bits) {}
    static constexpr std::uint64_t bit(FunctionSet set) { return std::uint64_t{1} << static_cast<unsigned>(set); }

    std::uint64_t bits_ = bit(FunctionSet::none);
};

} // namespace papr
