// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/migrate/page_cost.hpp>
#include <transom/migrate/page_state_table.hpp>

namespace transom::migrate {

/// What to do with a page.
struct Choice {
    enum class Step : std::uint8_t {
        send,  // take from all who have it the right to store, claim it, read it
        watch, // only the first: who stores to it before its turn comes is seen
    };
    PageIndex page;
    Step step = Step::send;
    bool operator==(const Choice&) const = default;
};

/// In which order pages go. A policy: it decides nothing that correctness depends on, and is asked by one processor at a time.
/// What is asked for twice with the same states is answered the same.
class PageOrder {
  public:
    /// Passes count from 1; what was altered until now is part of it.
    virtual void begin_pass(unsigned pass) = 0;
    /// The last one: nobody stores any more, everything that is left goes.
    virtual void begin_stop() = 0;
    /// None: the pass is over. A page that is given out to be sent is in no set; who does not send it after all puts it off.
    virtual std::optional<Choice> next() = 0;
    /// It could not be claimed: its turn comes in the next pass.
    virtual void put_off(PageIndex page) = 0;

  protected:
    ~PageOrder() = default;
};

/// The baseline: upwards, whatever the state. What others do.
class AddressOrder final : public PageOrder {
  public:
    explicit AddressOrder(PageStateTable& table) : table_(table) {}

    void begin_pass(unsigned pass) override;
    void begin_stop() override { begin_pass(0); }
    std::optional<Choice> next() override;
    void put_off(PageIndex page) override { table_.altered().add(page); }

  private:
    PageStateTable& table_;
    PageIndex cursor_;
    bool stopped_ = false;
};

/// Ours, by state and complexity. A pass is laps over what is to be sent: markers; what was never sent and nobody can store to;
/// then by how many can; then what was altered, the quiet ones first. Hot pages wait, as do pages with more translations than
/// the pass allows; both are watched.
class StateOrder final : public PageOrder {
  public:
    explicit StateOrder(PageStateTable& table, OrderLimits limits = {}) : table_(table), limits_(limits) {}

    void begin_pass(unsigned pass) override;
    void begin_stop() override;
    std::optional<Choice> next() override;
    void put_off(PageIndex page) override { table_.altered().add(page); }

  private:
    enum class Lap : std::uint8_t {
        watch,
        markers,
        fresh_quiet,
        fresh_few,
        fresh_rest,
        altered_quiet,
        altered_rest,
        stop,
        over
    };

    /// What this lap does with a page of which somebody may have changed the state meanwhile.
    enum class Fate : std::uint8_t { pass_by, send, watch, forget };
    Fate judge(PageIndex page, PageState state);

    PageStateTable& table_;
    OrderLimits limits_;
    unsigned pass_ = 0;
    Lap lap_ = Lap::over;
    PageIndex cursor_;
};

} // namespace transom::migrate
