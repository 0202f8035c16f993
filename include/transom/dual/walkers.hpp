// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <transom/dual/phase.hpp>

namespace transom::dual {

enum class Which : std::uint8_t { first, second };

/// Where a test sees the accesses to what processors say, and to the phase; elsewhere they are not seen.
struct NoObserver {
    static void word(unsigned /*processor*/, bool /*written*/) {}
    static void phase(bool /*written*/) {}
};

/// The virtual processors of a partition, by their index below 64: who is inside, calls included, and who walks T2. Each has a word
/// that it alone writes, at each way in and out over the partition's life, so that a start finds who is inside; it costs two stores
/// and a barrier on the way in, a store on the way out.
template <class Observer = NoObserver> class Walkers {
  public:
    using Observed = Observer;
    static constexpr unsigned max_processors = 64;

    /// Before it is inside, and writes anything of its own into the partition's memory: from now on it is waited for.
    void arrive(unsigned processor) {
        say(processor, State::looking, true);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    /// On the way in; for one that is inside already too, when it is to look again: it is in no call then. One that has just arrived is waited for as
    /// since then.
    Which enter(unsigned processor, const PhaseWord& phase) {
        if (state_of(words_[processor % max_processors].now.load(std::memory_order_relaxed)) != State::looking)
            arrive(processor);
        // Said first, looked then: who moves the phase does it the other way round.
        Observer::phase(false);
        const Which which = phase.now() == Phase::dual ? Which::second : Which::first;
        say(processor, which == Which::second ? State::on_second : State::on_first, false);
        return which;
    }
    /// When it is outside, and what is written of its turn is.
    void leave(unsigned processor) { say(processor, State::outside, true); }

    std::uint64_t inside() const {
        return those([](State state) { return state != State::outside; });
    }
    /// Who may be walking T2: all others are not, and will not be once the phase is one in which nobody goes there.
    std::uint64_t may_walk_second() const {
        return those([](State state) { return state == State::looking || state == State::on_second; });
    }
    /// Who may be walking T1: all others are on T2, or will be when they come in while the phase is dual.
    std::uint64_t may_walk_first() const {
        return those([](State state) { return state == State::looking || state == State::on_first; });
    }
    bool walks_second(unsigned processor) const {
        return state_of(words_[processor % max_processors].now.load(std::memory_order_relaxed)) == State::on_second;
    }

    /// Begins to wait until all who are inside now have been outside.
    void begin_grace() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        for (unsigned i = 0; i < max_processors; ++i) {
            const std::uint64_t now = read(i);
            words_[i].awaited.store(state_of(now) == State::outside ? nobody : now, std::memory_order_relaxed);
        }
    }
    /// Whom that waits for: a kick brings them out.
    std::uint64_t awaited() const {
        std::uint64_t mask = 0;
        for (unsigned i = 0; i < max_processors; ++i) {
            const std::uint64_t awaited = words_[i].awaited.load(std::memory_order_relaxed);
            if (awaited != nobody && passes_of(awaited) == passes_of(read(i)))
                mask |= std::uint64_t{1} << i;
        }
        return mask;
    }

  protected: // and what tests spoil
    enum class State : std::uint8_t { outside, on_first, on_second, looking };

    /// `passes`: it is in no call, and nothing of what it did before is still to come.
    void say(unsigned processor, State state, bool passes) {
        std::atomic<std::uint64_t>& now = words_[processor % max_processors].now;
        const std::uint64_t number = passes_of(now.load(std::memory_order_relaxed)) + (passes ? 1 : 0);
        Observer::word(processor, true);
        now.store(number << state_bits | static_cast<std::uint64_t>(state), std::memory_order_release);
    }

  private:
    static constexpr unsigned state_bits = 2;
    static constexpr std::uint64_t nobody = 0; // the word of a processor that is outside is none that is waited for
    struct Word {
        std::atomic<std::uint64_t> now{0}; // how often it has come and gone, and its State
        std::atomic<std::uint64_t> awaited{nobody};
        std::array<std::uint64_t, 14> apart{}; // no two in one cache block
    };

    static constexpr State state_of(std::uint64_t word) { return static_cast<State>(word & 3); }
    static constexpr std::uint64_t passes_of(std::uint64_t word) { return word >> state_bits; }
    std::uint64_t read(unsigned processor) const {
        Observer::word(processor, false);
        return words_[processor].now.load(std::memory_order_acquire);
    }
    template <class F> std::uint64_t those(F are) const {
        std::uint64_t mask = 0;
        for (unsigned i = 0; i < max_processors; ++i)
            mask |= std::uint64_t{are(state_of(read(i)))} << i;
        return mask;
    }

    std::array<Word, max_processors> words_;
};

} // namespace transom::dual
