// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <transom/base/address.hpp>
#include <transom/dual/page_tracking.hpp>
#include <transom/memory/write_watch.hpp>
#include <transom/migrate/page_set.hpp>
#include <transom/migrate/page_state_atomic.hpp>
#include <transom/migrate/page_state_large.hpp>

namespace transom::migrate {

/// Memory of the owner's for one partition, all zero.
struct PageStateMemory {
    std::span<std::uint16_t> pages;   // an entry for each page
    std::span<LargeGrants> regions;   // for each large_region, a part of one counts
    std::span<std::uint64_t> to_send; // PageSet::words_for(pages)
    std::span<std::uint64_t> altered; // the same
};

/// The states of a migrating partition's pages, at the source (US 8,019,962). Every processor raises, lowers and writes, one atomic
/// operation each while the status stays what it is; senders claim. Ranges are logical memory of the partition, and not empty.
class PageStateTable final : public dual::PageTracking, public memory::WriteWatch {
  public:
    static constexpr std::uint64_t pages_of(Bytes memory, Bytes granule) { return (memory + granule - 1) / granule; }
    static constexpr std::uint64_t regions_of(Bytes memory) { return pages_of(memory, large_region); }

    /// granule: 4 or 64 KiB. Every page is fresh and to be sent.
    PageStateTable(Bytes memory, Bytes granule, PageStateMemory storage);

    // Processors, on the way of a call or a fault.

    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr page, Bytes size) override;   // P1
    void lower(LogicalAddr page, Bytes size) override;   // P2
    void written(LogicalAddr from, Bytes size) override; // P5

    // Senders.

    /// True: the page is his, he reads it and then says `sent`. False: somebody can store to it, or it is sent, being sent, or hot.
    [[nodiscard]] bool claim(PageIndex page);
    /// Behind the barrier after which nobody stores (P11): counts and heat hold nobody back. A partition that goes on afterwards is
    /// tracked by a new table.
    [[nodiscard]] bool claim_stopped(PageIndex page);
    /// Whoever can store to it: then it goes again. False: it is sent, being sent, or hot.
    [[nodiscard]] bool claim_as_it_is(PageIndex page);
    /// False: it was altered while it was read, and goes again.
    bool sent(PageIndex page);
    /// It is not in the stream after all.
    void give_back(PageIndex page) { event(page, PageEvent::give_back); }
    void heat(PageIndex page) { event(page, PageEvent::heat); }
    void cool(PageIndex page) { event(page, PageEvent::cool); }
    /// Tells the pages of a region that somebody could store to them by a large page, and puts those that have to go again into
    /// `altered`. One that still can is no matter: until he is gone none of them is claimed.
    void spread(std::uint64_t region);

    // Anybody.

    std::uint64_t pages() const { return memory_.pages.size(); }
    std::uint64_t regions() const { return memory_.regions.size(); }
    LogicalAddr address_of(PageIndex page) const { return {page.value << shift_}; }
    std::uint64_t region_of(PageIndex page) const { return (page.value << shift_) / large_region; }
    /// As of a moment during the call: `sent` only where no large page has changed it since.
    PageState state(PageIndex page) const;
    /// What is in the table, without what its region has not told it.
    PageState entry(PageIndex page) const { return load(memory_.pages[page.value]); }
    /// Entries to evict before it can be sent; saturated() counts as PageState::max_stores.
    std::uint32_t stores(PageIndex page) const;
    const LargeGrants& region(std::uint64_t index) const { return memory_.regions[index]; }

    /// Bit i: the target does not have page 64 * word + i as it is. Behind the barrier, before anything is sent there: what the bitmap
    /// of the hand-over is made of (R50).
    std::uint64_t owed(std::uint64_t word) const;

    /// How many pages are in a state. While others change them it may be off by as many as they are.
    std::uint64_t count(PageStatus status) const {
        return counts_[static_cast<std::size_t>(status)].load(std::memory_order_relaxed);
    }
    /// What the target does not have.
    std::uint64_t pages_left() const { return pages() - count(PageStatus::sent); }
    /// How often a page that nobody could store to was stored to or made so that somebody can: what the write curve is made of.
    std::uint64_t touched() const { return touched_.load(std::memory_order_relaxed); }

    /// What this pass is to send, and what was altered since it began. Who orders pages moves them.
    PageSet& to_send() { return to_send_; }
    PageSet& altered() { return altered_; }

  private:
    std::optional<PageChange> event(PageIndex page, PageEvent what,
                                    std::memory_order order = std::memory_order_acq_rel);
    void account(PageIndex page, PageChange change);

    PageStateMemory memory_;
    unsigned shift_;
    PageSet to_send_, altered_;
    std::array<std::atomic<std::uint64_t>, page_statuses> counts_{};
    std::atomic<std::uint64_t> touched_{0};
};

} // namespace transom::migrate
