// SPDX-License-Identifier: Apache-2.0
#include "explorer.hpp"
#include <bit>

// The search by states. An actor's variables are a function of what its steps have seen, so a state is: what the run says of itself, and of each
// actor a digest of what it has seen. Where two orders lead to the same state only one of them goes on. Actors go forward only, so there are no
// cycles. Sleep sets (Godefroid 1996, with states: what was asleep at a state when it was first reached and is not now is done then) leave out
// orders of independent steps that would reach the same state, and never a state: so a check after each step sees all states.
namespace transom::interleave {

void Explorer::touches(std::uint32_t what) {
    if (running_ != nullptr)
        running_->actors_[running_->current_].touched |= what;
}

void Explorer::learns(std::uint64_t what) {
    if (running_ != nullptr)
        running_->actors_[running_->current_].known.add(what);
}

void Explorer::keeps(std::uint64_t what) {
    learns(what);
    if (running_ != nullptr)
        running_->actors_[running_->current_].kept.add(what);
}

void Explorer::forgets() {
    if (running_ == nullptr)
        return;
    Coroutine& me = running_->actors_[running_->current_];
    me.kept.add(1);
    me.known = me.kept;
}

bool Explorer::enter_state(const StateRun& run, std::uint32_t can) {
    StateNode node;
    if (!states_on_path_.empty()) {
        const StateNode& last = states_on_path_.back();
        for (unsigned i = 0; i < count_; ++i)
            if ((last.sleep >> i & 1) != 0 && !last.done[i].depends_on(last.done[last.chosen])) {
                node.sleep |= 1u << i;
                node.done[i] = last.done[i];
            }
    }
    Digest digest;
    run.add_state(digest);
    for (unsigned i = 0; i < count_; ++i) {
        digest.add(actors_[i].known.first);
        digest.add(actors_[i].known.second);
        digest.add(actors_[i].waits_for);
    }
    const auto [at, is_new] = visited_.try_emplace(digest, static_cast<std::uint8_t>(node.sleep));
    if (is_new) {
        node.left = can & ~node.sleep;
    } else {
        node.left = can & at->second & ~node.sleep;
        node.sleep &= at->second;
        at->second = static_cast<std::uint8_t>(node.sleep);
    }
    if (node.left == 0)
        return false;
    // Who went before goes on, if he can.
    const std::uint32_t same = states_on_path_.empty() ? 0 : node.left & 1u << states_on_path_.back().chosen;
    node.chosen = static_cast<unsigned>(std::countr_zero(same != 0 ? same : node.left));
    states_on_path_.push_back(node);
    return true;
}

std::string Explorer::run_once(const MakeStateRun& make, Explored& explored) {
    const std::size_t known = states_on_path_.size();
    const auto run = make();
    begin(*run);
    while (!all_finished()) {
        const std::uint32_t can = enabled();
        if (can == 0)
            return "nobody can go on";
        if (depth_ >= max_steps)
            return "it does not end";
        if (depth_ == states_on_path_.size()) {
            if (!enter_state(*run, can)) {
                ++explored.cut;
                return {};
            }
        }
        StateNode& node = states_on_path_[depth_];
        Coroutine& actor = actors_[node.chosen];
        const Step step = actor.next;
        actor.known.add(step.place);
        if (step.place != Step::nothing && !step.blind)
            actor.known.add(run->value(step.place));
        if (step.also_reads != Step::nothing)
            actor.known.add(run->value(step.also_reads));
        actor.touched = 0;
        ++depth_;
        ++explored.steps;
        resume(node.chosen);
        node.done[node.chosen] = {step, actor.touched};
        if (!failure_.empty())
            return failure_;
        if (depth_ >= known)
            if (const std::string wrong = run->after_step(); !wrong.empty())
                return wrong;
    }
    const std::string wrong = run->at_end();
    return failure_.empty() ? wrong : failure_;
}

bool Explorer::go_back_to_state() {
    while (!states_on_path_.empty()) {
        StateNode& node = states_on_path_.back();
        node.left &= ~(1u << node.chosen);
        node.sleep |= 1u << node.chosen;
        if (node.left != 0) {
            node.chosen = static_cast<unsigned>(std::countr_zero(node.left));
            return true;
        }
        states_on_path_.pop_back();
    }
    return false;
}

Explored Explorer::explore_states(const MakeStateRun& make, std::uint64_t max_states) {
    Explored explored;
    states_on_path_.clear();
    visited_.clear();
    while (visited_.size() < max_states) {
        ++explored.runs;
        explored.failure = run_once(make, explored);
        explored.states = visited_.size();
        if (!explored.failure.empty()) {
            explored.failure += ":";
            for (std::size_t i = 0; i < depth_; ++i)
                explored.failure +=
                    name_of(states_on_path_[i].chosen, states_on_path_[i].done[states_on_path_[i].chosen].step);
            return explored;
        }
        if (!go_back_to_state()) {
            explored.complete = true;
            return explored;
        }
    }
    return explored;
}

} // namespace transom::interleave
