// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <bit>
#include <transom/base/panic.hpp>
#include <transom/migrate/page_state_table.hpp>

namespace transom::migrate {

namespace {

/// Whether a page belongs into a set. What a sender has is put there when he is done with it; a hot one stays where who orders pages
/// has it.
bool has_to_go(PageStatus status) { return status == PageStatus::fresh || status == PageStatus::stale; }

std::uint64_t last_page(LogicalAddr from, Bytes size, unsigned shift) { return (from.value + size - 1) >> shift; }

} // namespace

PageStateTable::PageStateTable(Bytes memory, Bytes granule, PageStateMemory storage)
    : memory_(storage), shift_(static_cast<unsigned>(std::countr_zero(granule))),
      to_send_(storage.to_send, storage.pages.size()), altered_(storage.altered, storage.pages.size()) {
    invariant(granule == kib(4) || granule == kib(64), "page states are kept for 4 or 64 KiB");
    invariant(storage.pages.size() == pages_of(memory, granule) && storage.regions.size() == regions_of(memory),
              "page states are for another memory");
    counts_[static_cast<std::size_t>(PageStatus::fresh)] = pages();
    to_send_.fill(pages());
}

void PageStateTable::account(PageIndex page, PageChange change) {
    const PageStatus before = change.before.status(), now = change.after.status();
    if (before == now)
        return;
    counts_[static_cast<std::size_t>(before)].fetch_sub(1, std::memory_order_relaxed);
    counts_[static_cast<std::size_t>(now)].fetch_add(1, std::memory_order_relaxed);
    // After the change: a sender removes, then claims.
    if (has_to_go(now) && before != PageStatus::hot)
        altered_.add(page);
}

std::optional<PageChange> PageStateTable::event(PageIndex page, PageEvent what, std::memory_order order) {
    const auto changed = change(memory_.pages[page.value], what, order);
    if (changed)
        account(page, *changed);
    return changed;
}

void PageStateTable::raise(LogicalAddr page, Bytes size) {
    if (size >= large_region) {
        for (Bytes done = 0; done < size; done += large_region)
            // The whole of a large page is what changes.
            if (memory_.regions[(page.value + done) / large_region].raise())
                touched_.fetch_add(large_region >> shift_, std::memory_order_relaxed);
        return;
    }
    for (std::uint64_t each = page.value >> shift_; each <= last_page(page, size, shift_); ++each)
        if (event({each}, PageEvent::grant)->before.stores() == 0)
            touched_.fetch_add(1, std::memory_order_relaxed);
}

void PageStateTable::lower(LogicalAddr page, Bytes size) {
    constexpr auto too_many = "more grants end than were made";
    if (size >= large_region) {
        for (Bytes done = 0; done < size; done += large_region)
            invariant(memory_.regions[(page.value + done) / large_region].lower(), too_many);
        return;
    }
    for (std::uint64_t each = page.value >> shift_; each <= last_page(page, size, shift_); ++each)
        invariant(event({each}, PageEvent::ungrant).has_value(), too_many);
}

void PageStateTable::written(LogicalAddr from, Bytes size) {
    for (std::uint64_t each = from.value >> shift_; each <= last_page(from, size, shift_); ++each) {
        const auto changed = event({each}, PageEvent::write);
        if (changed->before.status() != changed->after.status())
            touched_.fetch_add(1, std::memory_order_relaxed);
    }
}

bool PageStateTable::claim(PageIndex page) {
    const LargeGrants& region = memory_.regions[region_of(page)];
    if (region.unspread())
        spread(region_of(page));
    if (!event(page, PageEvent::claim, std::memory_order_seq_cst))
        return false;
    // A large page that was granted before this look is seen here; one that is granted later is seen by who spreads it.
    if (region.quiet())
        return true;
    give_back(page);
    return false;
}

bool PageStateTable::claim_stopped(PageIndex page) {
    if (memory_.regions[region_of(page)].unspread())
        spread(region_of(page));
    return event(page, PageEvent::claim_stopped).has_value();
}

bool PageStateTable::claim_as_it_is(PageIndex page) {
    const LargeGrants& region = memory_.regions[region_of(page)];
    if (region.unspread())
        spread(region_of(page));
    if (!event(page, PageEvent::claim_as_it_is, std::memory_order_seq_cst))
        return false;
    if (!region.quiet())
        event(page, PageEvent::write);
    return true;
}

bool PageStateTable::sent(PageIndex page) {
    const auto changed = event(page, PageEvent::finish);
    invariant(changed.has_value(), "a page was sent that nobody had claimed");
    return changed->after.status() == PageStatus::sent;
}

void PageStateTable::spread(std::uint64_t index) {
    LargeGrants& region = memory_.regions[index];
    const std::uint32_t grants = region.grants(); // before the pages: what is granted meanwhile leaves them untold
    // After the look at the region: a claim that has not seen the grant there is seen here.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t in_region = large_region >> shift_, first = index * in_region;
    for (std::uint64_t page = first; page < std::min(first + in_region, pages()); ++page) {
        const PageStatus status = entry({page}).status();
        if (status == PageStatus::sent || status == PageStatus::sending)
            event({page}, PageEvent::write);
    }
    region.told(grants);
}

PageState PageStateTable::state(PageIndex page) const {
    const LargeGrants& region = memory_.regions[region_of(page)];
    while (true) {
        const LargeGrants::Version version = region.version();
        const PageState state = load(memory_.pages[page.value]);
        if (region.version() != version)
            continue;
        if (!version.unspread() || state.status() != PageStatus::sent)
            return state;
        return PageState(PageStatus::stale, state.heat(), state.stores());
    }
}

std::uint32_t PageStateTable::stores(PageIndex page) const {
    return load(memory_.pages[page.value]).stores() + memory_.regions[region_of(page)].live();
}

std::uint64_t PageStateTable::owed(std::uint64_t word) const {
    std::uint64_t bits = 0;
    for (std::uint64_t i = 0; i < 64 && word * 64 + i < pages(); ++i)
        if (state({word * 64 + i}).status() != PageStatus::sent)
            bits |= std::uint64_t{1} << i;
    return bits;
}

} // namespace transom::migrate
