// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <transom/migrate/page_cost.hpp>
#include <transom/migrate/page_state_table.hpp>

namespace transom::migrate {

enum class OrderPolicy : std::uint8_t {
    by_state, // quiet pages first, and those that are stored to not at all until the partition is stopped
    by_address, // what was altered since the last pass began, upwards, whoever stores to it: what others do, to compare with
};

/// By its name in orders: state, address.
std::optional<OrderPolicy> order_policy(std::string_view name);

/// What the defaults are and what was measured with them: docs/page-state.md.
struct OrderLimits {
    OrderPolicy policy = OrderPolicy::by_state;
    unsigned hot = 3; // altered so often after it was sent, a page waits for the end
};

/// What to do next.
struct Choice {
    enum class Step : std::uint8_t {
        send,  // a page: claim it, read it
        watch, // take the right to store away from whoever has it, in all of the memory: who stores from then on is seen
        look,  // nothing was found in what was looked through so far: go on, now or later
        over,  // the pass is
    };
    Step step = Step::over;
    PageIndex page = {}; // to be sent

    bool operator==(const Choice&) const = default;
};

/// In which order pages go. By state and complexity a pass is laps over what is to be sent: what was never sent, then what was
/// altered, least often first; of both only what nobody can store to. Hot pages wait. By address it is one lap. A policy: nothing
/// that correctness depends on is decided here, and one processor at a time asks.
class PageOrder {
  public:
    explicit PageOrder(PageStateTable& table, OrderLimits limits = {}) : table_(table), limits_(limits) {}

    /// Passes count from 1. In the first nobody can store yet, so it does not watch.
    void begin_pass(unsigned pass);
    /// The last one: nobody stores any more, everything that is left goes.
    void begin_stop();
    /// A bounded time, whatever there is. A page that is given out is in no set; who does not send it after all puts it off.
    Choice next();
    /// After begin_stop(): what comes after that page comes next, and what is left before it at the end.
    void go_on_after(PageIndex page);
    /// It could not be claimed: its turn comes in the next pass.
    void put_off(PageIndex page) { table_.altered().add(page); }
    /// Makes a page that was given out the caller's, who reads it and then says `sent` to the table.
    [[nodiscard]] bool claim(PageIndex page);

  private:
    enum class Lap : std::uint8_t {
        tell,   // what large pages altered
        gather, // what was altered since the pass before began
        heat,   // once a pass, before it is watched: no page becomes hot, or ceases to be, more than once a pass
        watch,
        fresh,
        altered_seldom,
        altered,
        upwards, // by address
        stop,
        over
    };

    void enter(Lap lap);
    void go_on();
    Lap after_gather() const;
    bool tell_next();
    void judge_heat(PageIndex page);
    bool turn_of(PageIndex page) const;

    PageStateTable& table_;
    OrderLimits limits_;
    Lap lap_ = Lap::over;
    bool first_ = false, stopped_ = false, skipped_ = false;
    PageIndex cursor_; // of the lap
    std::uint64_t region_ = 0;
};

} // namespace transom::migrate
