// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "usage.hpp"

#include "../common/random.hpp"

namespace storing {

/// Virtual pages of 4 KiB that one processor enters, uses, changes and removes; four of them lead to the same page of memory. What their
/// entries have to be, R and C too, and what their memory, is known at each moment.
class Slots {
  public:
    /// `pages`: `real_pages` of memory from there on.
    void begin(const guest::Machine& machine, std::uint64_t pages, std::uint64_t seed);
    /// Of each processor whose they are.
    void set_segment() const { guest::set_segment(segment_, 1); }
    /// A call or an access, chosen at random.
    void work();
    /// The next time an entry is stored to, that is forgotten: what looks at C has to notice.
    void forget_a_store() { forgets_ = true; }

    static constexpr std::uint64_t real_pages = 64, virtual_pages = 4 * real_pages;

  private:
    struct Slot {
        bool entered = false, secondary = false, read_only = false;
        std::uint64_t slot = 0;
        Usage usage;
    };

    std::uint64_t address(std::uint64_t page) const { return segment_.address + page * 4096; }
    std::uint64_t avpn(std::uint64_t page) const;
    std::uint64_t flags_of(std::uint64_t page);
    std::uint64_t any_word() { return random_.below(512); }

    void enter(std::uint64_t page);
    void remove(std::uint64_t page);
    void bulk_remove(std::uint64_t page);
    void read(std::uint64_t page);
    void protect(std::uint64_t page);
    void clear(std::uint64_t page, std::uint64_t token, std::uint64_t bit);
    void load(std::uint64_t page);
    void store(std::uint64_t page);
    void look_at_absent(std::uint64_t page);
    void check_word(std::uint64_t page, std::uint64_t word, std::uint64_t got);

    guest::Segment segment_;
    std::uint64_t group_mask_ = 0, memory_ = 0;
    guest::Random random_{0};
    bool forgets_ = false;
    std::array<Slot, virtual_pages> slots_{};
    std::array<std::array<std::uint64_t, 512>, real_pages> expected_{};
};

} // namespace storing
