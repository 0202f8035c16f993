// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/page_table.hpp"
#include "tally.hpp"

namespace storing {

/// What an entry's R and C have to be, by what its one user did. C is exact: it is on if and only if there was a store since it was entered
/// without it or C was cleared. R too, but that an access which was refused may have set it (Power ISA 3.0B Book III 5.7.12): more than that a
/// processor may do ahead of time, which those that are emulated do not.
class Usage {
  public:
    /// As it is entered, R and C as in a second doubleword.
    void begin(std::uint64_t d1) {
        referenced_ = (d1 & guest::entry::r) != 0;
        changed_ = (d1 & guest::entry::c) != 0;
        maybe_referenced_ = false;
    }
    void load() { referenced_ = true; }
    void store() { referenced_ = changed_ = true; }
    void refused() { maybe_referenced_ = true; }
    void clear(std::uint64_t bit) {
        if (bit == guest::entry::c)
            changed_ = false;
        else
            referenced_ = maybe_referenced_ = false;
    }

    /// What a call has shown of them, as in a second doubleword; from now on that is what R was.
    void look(std::string_view call, std::uint64_t slot, std::uint64_t d1) {
        Tally::count(tally().looks);
        const bool referenced = (d1 & guest::entry::r) != 0, changed = (d1 & guest::entry::c) != 0;
        if (changed != changed_ || (referenced ? !referenced_ && !maybe_referenced_ : referenced_)) {
            Tally::count(tally().wrong_usage);
            bad(call, slot, d1 & guest::entry::rc,
                (referenced_ ? guest::entry::r : 0) | (changed_ ? guest::entry::c : 0));
        }
        referenced_ = referenced;
        changed_ = changed; // said once
        maybe_referenced_ = false;
    }

  private:
    bool referenced_ = false, changed_ = false, maybe_referenced_ = false;
};

} // namespace storing
