// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::hcall {

/// Function sets of ibm,hypertas-functions. A set is advertised when the table has rows of it, and then with all the
/// calls that LoPAR puts into it (asserted in the table).
enum class Set : std::uint8_t {
    none, // found by other means than ibm,hypertas-functions
    pft,
    sprg0,
    dabr,
    copy,
    debug,
    term,
    interrupt,
    splpar,
    pic,
    bulk,
    xdabr,
    poll_pending,
    join,
    vasi,
    vphn,
    random,
    set_mode,
    block_remove,
    clr_hpt,
};

/// The function sets that a partition may use. Those that it may not are neither advertised nor answered.
class Sets {
  public:
    static constexpr Sets all() { return Sets(~std::uint64_t{0}); }
    static constexpr Sets from_bits(std::uint64_t bits) { return Sets(bits | bit(Set::none)); }

    constexpr bool contains(Set set) const { return (bits_ & bit(set)) != 0; }
    /// Set::none cannot be taken away.
    constexpr Sets without(Set set) const { return from_bits(bits_ & ~bit(set)); }
    constexpr std::uint64_t bits() const { return bits_; }
    constexpr bool operator==(const Sets&) const = default;

  private:
    explicit constexpr Sets(std::uint64_t bits) : bits_(bits) {}
    static constexpr std::uint64_t bit(Set set) { return std::uint64_t{1} << static_cast<unsigned>(set); }

    std::uint64_t bits_;
};

} // namespace transom::hcall
