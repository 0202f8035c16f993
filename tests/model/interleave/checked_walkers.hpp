// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checked_slots.hpp"
#include <transom/dual/walkers.hpp>

namespace transom::interleave {

/// Each access to a processor's word, and to the phase by who comes in or moves it, is a step.
struct WalkerSteps {
    static void word(unsigned processor, bool written) {
        if (processor < processors)
            Explorer::step({.place = first_walker_place + processor, .write = written});
    }
    static void phase(bool written) { Explorer::step({.place = phase_place, .write = written}); }
};

/// The code under test, or with one thing wrong.
class CheckedWalkers : public dual::Walkers<WalkerSteps> {
  public:
    using Base = dual::Walkers<WalkerSteps>;

    /// Of those that are made from now on.
    static inline Mutation planted = Mutation::none;
    /// Who is in a fault of its.
    static inline std::array<bool, processors> in_fault{};

    dual::Which enter(unsigned processor, const dual::PhaseWord& phase) {
        if (mutation_ != Mutation::late_switch)
            return Base::enter(processor, phase);
        WalkerSteps::phase(false);
        const bool second = phase.now() == dual::Phase::dual;
        say(processor, second ? State::on_second : State::on_first, true);
        return second ? dual::Which::second : dual::Which::first;
    }
    std::uint64_t may_walk_second() const {
        std::uint64_t mask = Base::may_walk_second();
        for (unsigned i = 0; i < processors && mutation_ == Mutation::handler_not_counted; ++i)
            mask &= ~(std::uint64_t{in_fault[i]} << i);
        return mask;
    }
    std::uint64_t may_walk_first() const {
        return mutation_ == Mutation::looking_is_second ? Base::may_walk_first() & ~Base::may_walk_second()
                                                        : Base::may_walk_first();
    }

    std::uint64_t awaited() const { return mutation_ == Mutation::no_grace ? 0 : Base::awaited(); }

  private:
    Mutation mutation_ = planted;
};

} // namespace transom::interleave
