// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <papr/status.hpp>
#include <transom/affinity/score.hpp>
#include <transom/affinity/wire.hpp>

namespace transom::partition {

/// What a partition asks about its affinity.
struct AffinityQuestion {
    enum class About : std::uint8_t {
        current,  // the score of the place where it is
        found,    // that of the best place that a plan for it would give it
        proposed, // that of a place of its own choice
    };
    About about = About::current;
    affinity::Formula formula = affinity::Formula::composite;
    affinity::wire::Report proposal{}; // its inputs and page table, where it proposes one

    bool same_as(const AffinityQuestion& other) const;
};

/// Where a partition's questions and its wish to be reallocated lie until the hypervisor's own task has dealt with them (R70, R71): its virtual
/// processors ask and come again. One question at a time. Whoever calls anything of it holds Partition::devices.
class AffinityDesk {
  public:
    struct Answer {
        papr::Status status = papr::Status::success;
        affinity::wire::Report report;
    };

    // By the partition's virtual processors. `now`, `patience`: ticks of the time base.

    /// The answer, if it is there; else the question waits for one, unless another one does. An answer that nobody has come for within
    /// `patience` makes room.
    const Answer* ask(const AffinityQuestion& question, std::uint64_t now, std::uint64_t patience);
    /// Who asked has got it.
    void take() { state_ = State::free; }
    /// It wants to be reallocated. False: it does already.
    bool want_job();
    /// It does not any more. False: it has not wanted to.
    bool cancel_job();
    const affinity::wire::Job& job() const { return job_; }

    // By who answers.

    /// Whether there may be something to do: without the lock.
    bool rings() const { return rings_.load(std::memory_order_acquire); }
    /// The question that is to be answered. Null: there is none.
    const AffinityQuestion* question() const { return state_ == State::asked ? &question_ : nullptr; }
    void answer(const Answer& answer, std::uint64_t now);
    bool wants_job() const { return job_.state == static_cast<std::uint16_t>(affinity::wire::JobState::waiting); }
    /// Its wish is being dealt with. False: it has none any more.
    bool begin_job();
    bool wants_stop() const { return wants_stop_; }
    /// How its job stands now.
    void set_job(const affinity::wire::Job& job);

  private:
    enum class State : std::uint8_t { free, asked, answered };

    bool job_goes_on() const;
    void ring();

    State state_ = State::free;
    bool wants_stop_ = false;
    std::atomic<bool> rings_ = false;
    std::uint64_t answered_at_ = 0;
    AffinityQuestion question_;
    Answer answer_;
    affinity::wire::Job job_{};
};

} // namespace transom::partition
