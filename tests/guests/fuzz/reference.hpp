// SPDX-License-Identifier: Apache-2.0
// The page-table calls as both machines are expected to answer them. What QEMU's pseries is known to do differently is
// modelled here and nowhere else.
#pragma once

#include "../common/guest.hpp"
#include "../common/hypercall.hpp"
#include "../common/page_table.hpp"

#include <array>

namespace fuzz {

using Arguments = std::array<std::uint64_t, 8>;

class PageTable {
  public:
    explicit PageTable(const guest::Machine& machine);

    /// One of the seven calls. Outputs that the call does not define may hold anything.
    guest::Answer call(std::uint64_t token, const Arguments& a) const;
    /// Without the bits of doubleword 0 that are the hypervisor's; zeroes where there is no such slot.
    guest::Entry read(std::uint64_t slot) const;
    bool is_reference() const { return reference_; }

  private:
    guest::Answer enter(const Arguments& a) const;
    guest::Answer enter_with_too_much_work(std::uint64_t flags, std::uint64_t slot, std::uint64_t d0,
                                           std::uint64_t d1) const;
    guest::Answer remove(const Arguments& a) const;
    guest::Answer read_call(const Arguments& a) const;
    guest::Answer protect(const Arguments& a) const;
    guest::Answer bulk_remove(const Arguments& a) const;
    guest::Answer clear(const Arguments& a, std::uint64_t bit) const;
    /// Flags and operand of a condition as QEMU has to be asked for it.
    void adapt_condition(std::uint64_t slot, bool& avpn, bool& andcond, std::uint64_t& operand) const;

    bool reference_;
    std::uint64_t memory_;
    bool virtual_address_of_68_bits_ = false;
};

} // namespace fuzz
