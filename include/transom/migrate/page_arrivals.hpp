// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/base/address.hpp>
#include <transom/dual/page_tracking.hpp>
#include <transom/memory/granule_bits.hpp>
#include <transom/migrate/page_state.hpp>

namespace transom::migrate {

/// What the target knows of a page.
enum class ArrivalStatus : std::uint8_t {
    missing,   // no copy was here
    requested, // asked for: somebody waits for it
    arriving,  // being stored
    present,
    invalidated, // a copy is here, and a newer one is needed
};

/// When a copy was made, at the source: copies of one page are newer the higher it is. From 1 to `last_order`.
using CopyOrder = std::uint64_t;
constexpr CopyOrder last_order = (CopyOrder{1} << 56) - 1;

/// What to do with a copy that has come.
enum class Landing : std::uint8_t {
    store,   // write it, then `landed`
    drop,    // a duplicate, or older than what is here, or too late
    wait,    // another copy is being written by somebody else
    no_base, // it says what has changed in a copy, and that is not here
};

/// What somebody who wants to access a page is told.
enum class Need : std::uint8_t {
    here,
    ask,  // he waits, and asks the source: nobody has yet
    wait, // somebody has asked
};

/// The states of an arriving partition's pages. Connections land copies, processors need pages; any of them at once. That an older copy
/// never replaces a newer one, and that nothing is stored any more into a page that the partition may have changed, is one
/// compare-and-swap of the page's entry.
///
/// The second page table asks what is here. It tells nothing: at the target its entries permit what T1 permits at once
/// (StorePolicy::as_in_t1), as a page that is here is here for good.
class PageArrivals final : public dual::PageTracking {
  public:
    static constexpr Bytes room_for(Bytes memory, Bytes granule) {
        return (memory / granule + bit_words(memory / granule)) * sizeof(std::uint64_t);
    }
    /// `room`: room_for words' bytes of the owner's, which are zero before anybody tells or asks of a page.
    PageArrivals(Bytes memory, Bytes granule, std::span<std::uint64_t> room);

    // Connections.

    /// An order that there is not is dropped.
    /// With a `base`: the copy changes one with that order, which has to be here.
    Landing land(PageIndex page, CopyOrder order, std::optional<CopyOrder> base = {});
    /// It is stored, and the page cleared if nothing is in it. True: somebody waits for it.
    bool landed(PageIndex page);
    /// Nothing or rubbish was stored, as what came was no copy. It may come again, as often as it takes.
    void damaged(PageIndex page);
    /// The request, or its answer, was lost with a connection: it has to be asked for again.
    void forget_request(PageIndex page);

    // The hand-over.

    /// The bitmap of what was altered after copies up to `cut` were made has this page. Nobody is in the partition yet. What is here of it stays
    /// as a base; of pages that are not here such copies do not come any more.
    void invalidate(PageIndex page, CopyOrder cut);
    /// From now on the partition runs: what is present is its own (J1), late copies are dropped. No copy is landing.
    void resume() { resumed_.store(true, std::memory_order_release); }

    // Processors.

    Need need(PageIndex page);
    bool here(LogicalAddr from, Bytes size) override { return present_.all(from, size); }
    void raise(LogicalAddr, Bytes) override {}
    void lower(LogicalAddr, Bytes) override {}

    // Anybody.

    /// What LogicalMemory::limit_to_present takes.
    std::span<std::uint64_t> present() const { return present_words_; }
    std::uint64_t pages() const { return entries_.size(); }
    ArrivalStatus status(PageIndex page) const;
    /// Whether a copy is here, of whatever age.
    bool has_come(PageIndex page) const;
    /// What is not here; only falls after resume().
    std::uint64_t pages_left() const { return left_.load(std::memory_order_relaxed); }

  private:
    static constexpr std::uint64_t bit_words(std::uint64_t pages) { return (pages + 63) / 64; }
    std::atomic_ref<std::uint64_t> at(PageIndex page) const { return std::atomic_ref(entries_[page.value]); }
    void set_present(PageIndex page, bool present);

    Bytes granule_;
    std::span<std::uint64_t> entries_;
    std::span<std::uint64_t> present_words_;
    memory::GranuleBits present_;
    std::atomic<std::uint64_t> left_;
    std::atomic<CopyOrder> cut_{0}; // of the bitmap
    std::atomic<bool> resumed_{false};
};

} // namespace transom::migrate
