// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace transom::migrate {

/// A granule of a partition's memory, the unit that is tracked and sent.
struct PageIndex {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const PageIndex&) const = default;
};

/// What the source knows of a page. docs/page-state.md.
enum class PageStatus : std::uint8_t {
    fresh,     // never sent
    sending,   // being read for the stream
    overtaken, // the same, and altered meanwhile. Its sender has it still: he alone ends that, so that no other begins to send it and no
               // `finish` is taken for somebody else's
    sent,      // the target has it as it is
    stale,     // altered since it was sent
    hot,       // altered so often that it waits
};
constexpr std::size_t page_statuses = 6;

enum class PageEvent : std::uint8_t {
    grant,          // somebody is about to be able to store
    ungrant,        // and no longer is
    write,          // the hypervisor wrote
    claim,          // a sender wants to read it
    claim_stopped,  // the same while nobody can store, whatever is counted
    claim_as_it_is, // the same though somebody can store, so that it goes again
    finish,         // it has been read, and is in the stream
    give_back,      // it did not get into the stream
    heat,
    cool,
};
constexpr std::size_t page_events = 10;

namespace page_state_detail {

using enum PageStatus;
using Row = std::array<std::optional<PageStatus>, page_events>;
constexpr std::optional<PageStatus> no;

// What may follow; `no`: the event does not happen to such a page.
// clang-format off
constexpr std::array<Row, page_statuses> transitions{{
    // grant      ungrant    write      claim    stopped  as it is  finish  give_back  heat  cool
    {  fresh,     fresh,     fresh,     sending, sending, sending,  no,     no,        no,   no    }, // fresh
    {  overtaken, sending,   overtaken, no,      no,      no,       sent,   stale,     no,   no    }, // sending
    {  overtaken, overtaken, overtaken, no,      no,      no,       stale,  stale,     no,   no    }, // overtaken
    {  stale,     sent,      stale,     no,      no,      no,       no,     no,        no,   no    }, // sent
    {  stale,     stale,     stale,     sending, sending, sending,  no,     no,        hot,  no    }, // stale
    {  hot,       hot,       hot,       no,      sending, no,       no,     no,        no,   stale }, // hot
}};
// clang-format on

} // namespace page_state_detail

constexpr std::optional<PageStatus> next(PageStatus status, PageEvent event) {
    return page_state_detail::transitions[static_cast<std::size_t>(status)][static_cast<std::size_t>(event)];
}

/// An entry of the page state table: [15:12] status, [11:8] how often it was altered after being sent, [7:0] translations that permit
/// stores. Both counts stay where they are once they are at their end.
struct PageState {
    static constexpr unsigned max_stores = 255;
    static constexpr unsigned max_heat = 15;

    std::uint16_t bits = 0;

    constexpr PageState() = default;
    constexpr PageState(PageStatus status, unsigned heat, unsigned stores)
        : bits(static_cast<std::uint16_t>(static_cast<unsigned>(status) << 12 | heat << 8 | stores)) {}

    constexpr PageStatus status() const { return static_cast<PageStatus>(bits >> 12); }
    constexpr unsigned heat() const { return bits >> 8 & 15; }
    constexpr unsigned stores() const { return bits & 255; }
    /// More translations than can be counted: it is not known any more when the last one goes.
    constexpr bool saturated() const { return stores() == max_stores; }
    constexpr bool operator==(const PageState&) const = default;
};

/// The entry after an event; none where the event does not happen to such a page, or has to wait for the count to be 0.
constexpr std::optional<PageState> after(PageState before, PageEvent event) {
    auto status = next(before.status(), event);
    if (!status)
        return {};
    unsigned heat = before.heat(), stores = before.stores();
    // Once for each time it is sent: what alters it next finds it altered.
    const bool altered = before.status() == PageStatus::sent || before.status() == PageStatus::sending;
    switch (event) {
    case PageEvent::grant:
        stores = std::min(stores + 1, PageState::max_stores);
        [[fallthrough]];
    case PageEvent::write:
        heat = std::min(heat + (altered ? 1 : 0), PageState::max_heat);
        break;
    case PageEvent::ungrant:
        if (stores == 0)
            return {};
        stores -= before.saturated() ? 0 : 1;
        break;
    case PageEvent::claim:
        if (stores != 0)
            return {};
        break;
    case PageEvent::claim_as_it_is:
        if (stores != 0) // whoever can tells nobody that he does
            status = PageStatus::overtaken;
        break;
    case PageEvent::cool:
        heat /= 2;
        break;
    default:
        break;
    }
    return PageState(*status, heat, stores);
}

} // namespace transom::migrate
