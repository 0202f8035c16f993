// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/panic.hpp>
#include <transom/migrate/page_arrivals.hpp>

namespace transom::migrate {

namespace {

using enum ArrivalStatus;

/// [63:60] status, [59] somebody waits, [58] a copy is here, of whatever age, [57:56] zero, [55:0] the newest copy that was taken, or is known to be too old where none is here.
struct Entry {
    static constexpr std::uint64_t come_bit = std::uint64_t{1} << 58;
    static constexpr std::uint64_t wanted_bit = std::uint64_t{1} << 59;
    static constexpr std::uint64_t order_mask = last_order;

    std::uint64_t bits = 0;

    ArrivalStatus status() const { return static_cast<ArrivalStatus>(bits >> 60); }
    bool wanted() const { return (bits & wanted_bit) != 0; }
    bool has_come() const { return (bits & come_bit) != 0; }
    CopyOrder order() const { return bits & order_mask; }
    bool present() const { return status() == ArrivalStatus::present; }

    Entry with(ArrivalStatus status) const {
        return {(bits & ~(std::uint64_t{15} << 60)) | std::uint64_t(status) << 60};
    }
    Entry with_order(CopyOrder order) const { return {(bits & ~order_mask) | order}; }
    Entry come(bool is) const { return {(bits & ~come_bit) | (is ? come_bit : 0)}; }
    Entry wanted(bool is) const { return {(bits & ~wanted_bit) | (is ? wanted_bit : 0)}; }
};

Entry load_entry(std::atomic_ref<std::uint64_t> ref) { return {ref.load(std::memory_order_acquire)}; }

/// Acquire and release: what was stored into the page by one is seen by the next.
bool swap(std::atomic_ref<std::uint64_t> ref, Entry& from, Entry to) {
    return ref.compare_exchange_weak(from.bits, to.bits, std::memory_order_acq_rel, std::memory_order_acquire);
}

} // namespace

PageArrivals::PageArrivals(Bytes memory, Bytes granule, std::span<std::uint64_t> room)
    : granule_(granule), entries_(room.first(memory / granule)),
      present_words_(room.subspan(entries_.size(), bit_words(entries_.size()))), present_(present_words_, granule),
      left_(entries_.size()) {}

Landing PageArrivals::land(PageIndex page, CopyOrder order, std::optional<CopyOrder> base) {
    for (Entry now = load_entry(at(page));;) {
        if (order <= now.order() || order > Entry::order_mask)
            return Landing::drop;
        if (now.status() == arriving)
            return Landing::wait;
        if (now.present() && resumed_.load(std::memory_order_acquire))
            return Landing::drop;
        if (!now.present() && now.has_come() && order <= cut_.load(std::memory_order_acquire))
            return Landing::drop; // what is here is old by the bitmap, and so is this
        if (base && (!now.has_come() || now.order() != *base))
            return Landing::no_base;
        if (!swap(at(page), now, now.with(arriving).with_order(order)))
            continue;
        if (now.present())
            set_present(page, false);
        return Landing::store;
    }
}

bool PageArrivals::landed(PageIndex page) {
    Entry now = load_entry(at(page));
    invariant(now.status() == arriving, "a page has landed that was not arriving");
    set_present(page, true); // who waits looks here when it is woken
    while (!swap(at(page), now, now.with(ArrivalStatus::present).come(true).wanted(false)))
        ;
    return now.wanted();
}

void PageArrivals::damaged(PageIndex page) {
    Entry now = load_entry(at(page));
    invariant(now.status() == arriving, "a page was damaged that was not arriving");
    while (!swap(at(page), now, now.come(false).with_order(now.order() - 1).with(missing)))
        ;
}

void PageArrivals::forget_request(PageIndex page) {
    Entry now = load_entry(at(page));
    while (now.status() == requested && !swap(at(page), now, now.with(missing)))
        ;
}

void PageArrivals::invalidate(PageIndex page, CopyOrder cut) {
    Entry now = load_entry(at(page));
    invariant(now.status() != arriving, "a page is invalidated while it is being stored");
    cut_.store(std::max(cut, cut_.load(std::memory_order_relaxed)), std::memory_order_release);
    if (now.order() > cut)
        return;                             // made after the cut, it has overtaken the bitmap
    const bool was_present = now.present(); // then its order stays: it is a base
    at(page).store((was_present ? now.with(invalidated) : now.with_order(cut)).bits, std::memory_order_release);
    if (was_present)
        set_present(page, false);
}

Need PageArrivals::need(PageIndex page) {
    for (Entry now = load_entry(at(page));;) {
        if (now.present())
            return Need::here;
        const bool ask = now.status() == missing || now.status() == invalidated;
        if (swap(at(page), now, (ask ? now.with(requested) : now).wanted(true)))
            return ask ? Need::ask : Need::wait;
    }
}

ArrivalStatus PageArrivals::status(PageIndex page) const { return load_entry(at(page)).status(); }

bool PageArrivals::has_come(PageIndex page) const { return load_entry(at(page)).has_come(); }

void PageArrivals::set_present(PageIndex page, bool present) {
    if (present) {
        present_.set({page.value * granule_}, 1); // a release: after what was stored
        left_.fetch_sub(1, std::memory_order_relaxed);
    } else {
        std::atomic_ref(present_words_[page.value / 64])
            .fetch_and(~(std::uint64_t{1} << page.value % 64), std::memory_order_acq_rel);
        left_.fetch_add(1, std::memory_order_relaxed);
    }
}

} // namespace transom::migrate
