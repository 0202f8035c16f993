// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <transom/base/address.hpp>
#include <transom/migrate/page_set.hpp>
#include <transom/migrate/page_state_atomic.hpp>
#include <transom/migrate/page_state_large.hpp>

namespace transom::migrate {

/// What a sender is told who wants to read a page.
enum class Claim : std::uint8_t {
    taken,      // it is his: he reads it, then says `sent`
    taken_zero, // the same, and there is nothing in it
    stored,     // somebody can store to it: evict first
    large,      // the same, by a large page; or the region has to be spread first
    poisoned,   // a marker is sent, nothing is read
    not_now,    // sent, being sent, hot, pinned, the target's
};

/// Memory of the owner's for one partition, all zero.
struct PageStateMemory {
    std::span<std::uint16_t> pages;   // an entry for each page
    std::span<LargeGrants> regions;   // for each large_region, a part of one counts
    std::span<std::uint64_t> to_send; // PageSet::words_for(pages)
    std::span<std::uint64_t> altered; // the same
};

/// The states of a migrating partition's pages, at the source (US 8,019,962). Every processor raises, lowers and marks, one atomic
/// operation each while the status stays what it is; senders claim. Ranges are logical memory of the partition.
class PageStateTable {
  public:
    static constexpr std::uint64_t pages_of(Bytes memory, Bytes granule) { return (memory + granule - 1) / granule; }
    static constexpr std::uint64_t regions_of(Bytes memory) { return pages_of(memory, large_region); }

    /// granule: 4 or 64 KiB. Every page is fresh and to be sent.
    PageStateTable(Bytes memory, Bytes granule, PageStateMemory storage);

    // Processors, on the way of a call or a fault.

    /// An entry that permits stores to [page, page + size) is about to be made: before anybody can store through it (P1).
    void raise(LogicalAddr page, Bytes size);
    /// Such an entry is gone, from all TLBs too (P2).
    void lower(LogicalAddr page, Bytes size);
    /// The hypervisor wrote, and has not yet told the partition so (P5).
    void mark_dirty(LogicalAddr from, Bytes size);

    // Who knows of more than translations. False: a page of it is in no state for that, and is left as it was.

    /// What was in it is gone. Nobody can store to it: else it is as it was.
    bool discard(PageIndex page) { return event(page, PageEvent::discard); }
    bool pin(LogicalAddr from, Bytes size);
    bool unpin(LogicalAddr from, Bytes size);
    bool poison(PageIndex page) { return event(page, PageEvent::poison); }

    // Senders.

    Claim claim(PageIndex page);
    /// Behind the barrier after which nobody stores (P11): counts, heat and pins hold nobody back.
    Claim claim_stopped(PageIndex page);
    /// False: it was altered while it was read, and goes again.
    bool sent(PageIndex page) { return event(page, PageEvent::finish); }
    /// It is not in the stream, or the stream was lost (R60).
    bool give_back(PageIndex page) { return event(page, PageEvent::give_back); }
    bool heat(PageIndex page) { return event(page, PageEvent::heat); }
    bool cool(PageIndex page) { return event(page, PageEvent::cool); }
    bool hand_over(PageIndex page) { return event(page, PageEvent::hand_over); }
    /// Tells the pages of a region that somebody could store to them by a large page. False: somebody still can.
    bool spread(std::uint64_t region);

    // Anybody.

    std::uint64_t pages() const { return memory_.pages.size(); }
    Bytes granule() const { return Bytes{1} << shift_; }
    PageIndex page_at(LogicalAddr address) const { return {address.value >> shift_}; }
    std::uint64_t region_of(PageIndex page) const { return (page.value << shift_) / large_region; }
    /// As of a moment during the call: `sent` only where no large page has changed it since.
    PageState state(PageIndex page) const;
    /// Entries to evict before it can be sent; saturated() counts as PageState::max_stores.
    std::uint32_t stores(PageIndex page) const;
    const LargeGrants& region(std::uint64_t index) const { return memory_.regions[index]; }

    /// How many pages are in a state. While others change them it may be off by as many as they are.
    std::uint64_t count(PageStatus status) const {
        return counts_[static_cast<std::size_t>(status)].load(std::memory_order_relaxed);
    }
    /// What the target does not have.
    std::uint64_t pages_left() const { return pages() - count(PageStatus::sent) - count(PageStatus::handed); }
    Bytes bytes_left() const { return pages_left() << shift_; }
    /// How often a page that nobody could store to was stored to or made so that somebody can: what the write curve is made of.
    std::uint64_t touched() const { return touched_.load(std::memory_order_relaxed); }

    /// What this pass is to send, and what was altered since it began. Who orders pages moves them.
    PageSet& to_send() { return to_send_; }
    PageSet& altered() { return altered_; }

  private:
    bool event(PageIndex page, PageEvent what);
    bool event_range(LogicalAddr from, Bytes size, PageEvent what);
    void account(PageIndex page, PageChange change);

    PageStateMemory memory_;
    unsigned shift_;
    PageSet to_send_, altered_;
    std::array<std::atomic<std::uint64_t>, page_statuses> counts_{};
    std::atomic<std::uint64_t> touched_{0};
};

} // namespace transom::migrate
