// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <transom/base/panic.hpp>
#include <transom/migrate/page_state_table.hpp>

namespace transom::migrate {

namespace {

/// Whether the target lacks a page that it may have had before.
bool has_to_go(PageStatus status) {
    return status != PageStatus::sent && status != PageStatus::sending && status != PageStatus::handed;
}

} // namespace

PageStateTable::PageStateTable(Bytes memory, Bytes granule, PageStateMemory storage)
    : memory_(storage), shift_(static_cast<unsigned>(std::countr_zero(granule))),
      to_send_(storage.to_send, storage.pages.size()), altered_(storage.altered, storage.pages.size()) {
    invariant(granule == kib(4) || granule == kib(64), "page states are kept for 4 or 64 KiB");
    invariant(storage.pages.size() == pages_of(memory, granule) && storage.regions.size() == regions_of(memory),
              "page states are for another memory");
    counts_[static_cast<std::size_t>(PageStatus::fresh)] = pages();
    for (std::uint64_t page = 0; page < pages(); ++page)
        to_send_.add({page});
}

void PageStateTable::account(PageIndex page, PageChange change) {
    const PageStatus before = change.before.status(), now = change.after.status();
    if (before == now)
        return;
    counts_[static_cast<std::size_t>(before)].fetch_sub(1, std::memory_order_relaxed);
    counts_[static_cast<std::size_t>(now)].fetch_add(1, std::memory_order_relaxed);
    // After the change: a sender removes, then claims. A hot page stays where who orders pages has it.
    if (has_to_go(now) && before != PageStatus::hot && now != PageStatus::hot)
        altered_.add(page);
}

bool PageStateTable::event(PageIndex page, PageEvent what) {
    const auto changed = change(memory_.pages[page.value], what);
    if (changed)
        account(page, *changed);
    return changed.has_value();
}

bool PageStateTable::event_range(LogicalAddr from, Bytes size, PageEvent what) {
    bool all = true;
    for (std::uint64_t page = from.value >> shift_; page <= (from.value + size - 1) >> shift_; ++page)
        all &= event({page}, what);
    return all;
}

void PageStateTable::raise(LogicalAddr page, Bytes size) {
    if (size >= large_region) {
        for (Bytes done = 0; done < size; done += large_region)
            // The whole of a large page is what changes.
            if (memory_.regions[(page.value + done) / large_region].raise())
                touched_.fetch_add(large_region >> shift_, std::memory_order_relaxed);
        return;
    }
    for (std::uint64_t each = page.value >> shift_; each <= (page.value + size - 1) >> shift_; ++each) {
        const auto changed = change(memory_.pages[each], PageEvent::grant);
        invariant(changed.has_value(), "a page that has been handed over is made writable");
        if (changed->before.stores() == 0)
            touched_.fetch_add(1, std::memory_order_relaxed);
        account({each}, *changed);
    }
}

void PageStateTable::lower(LogicalAddr page, Bytes size) {
    if (size >= large_region) {
        for (Bytes done = 0; done < size; done += large_region)
            invariant(memory_.regions[(page.value + done) / large_region].lower(), "more grants end than were made");
        return;
    }
    invariant(event_range(page, size, PageEvent::ungrant), "more grants end than were made");
}

void PageStateTable::mark_dirty(LogicalAddr from, Bytes size) {
    for (std::uint64_t each = from.value >> shift_; each <= (from.value + size - 1) >> shift_; ++each) {
        const auto changed = change(memory_.pages[each], PageEvent::write);
        invariant(changed.has_value(), "a page that has been handed over is written");
        if (changed->before.status() != changed->after.status())
            touched_.fetch_add(1, std::memory_order_relaxed);
        account({each}, *changed);
    }
}

bool PageStateTable::pin(LogicalAddr from, Bytes size) { return event_range(from, size, PageEvent::pin); }
bool PageStateTable::unpin(LogicalAddr from, Bytes size) { return event_range(from, size, PageEvent::unpin); }

Claim PageStateTable::claim(PageIndex page) {
    const auto changed = change(memory_.pages[page.value], PageEvent::claim, std::memory_order_seq_cst);
    if (!changed) {
        const PageState now = load(memory_.pages[page.value]);
        if (now.status() == PageStatus::poisoned)
            return Claim::poisoned;
        return now.stores() != 0 && next(now.status(), PageEvent::claim) ? Claim::stored : Claim::not_now;
    }
    account(page, *changed);
    // A large page that was granted before this look is seen here; one that is granted later is seen by who spreads it.
    if (!memory_.regions[region_of(page)].quiet()) {
        give_back(page);
        return Claim::large;
    }
    return changed->before.status() == PageStatus::zero ? Claim::taken_zero : Claim::taken;
}

Claim PageStateTable::claim_stopped(PageIndex page) {
    const auto changed = change(memory_.pages[page.value], PageEvent::claim_stopped);
    if (!changed)
        return load(memory_.pages[page.value]).status() == PageStatus::poisoned ? Claim::poisoned : Claim::not_now;
    account(page, *changed);
    return changed->before.status() == PageStatus::zero ? Claim::taken_zero : Claim::taken;
}

bool PageStateTable::spread(std::uint64_t index) {
    LargeGrants& region = memory_.regions[index];
    const std::uint32_t grants = region.grants();
    if (region.live() != 0)
        return false;
    const std::uint64_t in_region = large_region >> shift_, first = index * in_region;
    for (std::uint64_t page = first; page < std::min(first + in_region, pages()); ++page) {
        const PageStatus status = load(memory_.pages[page]).status();
        if (status == PageStatus::sent || status == PageStatus::sending || status == PageStatus::zero)
            mark_dirty({page << shift_}, 1);
    }
    region.told(grants); // if there were more meanwhile, it is still unspread
    return true;
}

PageState PageStateTable::state(PageIndex page) const {
    const LargeGrants& region = memory_.regions[region_of(page)];
    while (true) {
        const LargeGrants::Version version = region.version();
        const PageState state = load(memory_.pages[page.value]);
        if (region.version() != version)
            continue;
        if (!version.unspread() || (state.status() != PageStatus::sent && state.status() != PageStatus::zero))
            return state;
        return PageState(state.status() == PageStatus::sent ? PageStatus::stale : PageStatus::fresh, state.heat(),
                         state.stores());
    }
}

std::uint32_t PageStateTable::stores(PageIndex page) const {
    return load(memory_.pages[page.value]).stores() + memory_.regions[region_of(page)].live();
}

} // namespace transom::migrate
