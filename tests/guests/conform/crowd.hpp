// SPDX-License-Identifier: Apache-2.0
// The page-table calls of one of several processors that use the same few groups, and what it holds each answer against.
#pragma once

#include "../common/random.hpp"
#include "table.hpp"
#include "together.hpp"

namespace conform {

constexpr std::uint64_t crowd_first_slot = 200 * 8, crowd_groups = 4, crowd_slots = crowd_groups * 8;

/// Who has entered what is in each slot: number of the processor + 1, or 0. Set after H_ENTER, cleared before H_REMOVE.
extern std::array<Shared, crowd_slots> crowd_owner;

/// What went wrong, each a count.
struct CrowdFindings {
    std::uint64_t taken_twice = 0; // a slot that was another's
    std::uint64_t lost = 0;        // an own entry that is not there, or not as it was
    std::uint64_t torn = 0;        // somebody's entry whose halves do not belong together
    std::uint64_t statuses = 0;    // a status that the state cannot give
    std::uint64_t entered = 0, removed = 0;
};

class CrowdMember {
  public:
    explicit CrowdMember(unsigned number) : number_(number), random_(7, number) {}

    /// One random call.
    void step();
    /// Removes all that is its own.
    void leave();
    const CrowdFindings& findings() const { return findings_; }
    /// How many entries it has.
    std::uint64_t own() const;

  private:
    Entry any_entry();
    void enter_one(bool exact);
    void remove_one();
    void remove_two();
    void protect_one();
    void read_one();
    void read_four();
    void check_read(std::uint64_t slot, const Entry& seen);
    void check_removed(std::uint64_t slot, const Entry& seen);

    unsigned number_;
    guest::Random random_;
    CrowdFindings findings_;
    std::array<Entry, crowd_slots> table_{}; // its own entries; d0 0: none
};

} // namespace conform
