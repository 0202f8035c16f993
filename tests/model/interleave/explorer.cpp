// SPDX-License-Identifier: Apache-2.0
#include "explorer.hpp"
#include <algorithm>
#include <bit>

namespace transom::interleave {

void Explorer::enter_actor() {
    Explorer& self = *running_;
    Coroutine& me = self.actors_[self.current_];
    me.body();
    me.finished = true;
    swapcontext(&me.context, &self.scheduler_);
}

void Explorer::step(const Step& step) { wait(step, {}); }

void Explorer::wait(const Step& step, std::function<bool()> ready) {
    if (running_ == nullptr)
        return;
    Explorer& self = *running_;
    Coroutine& me = self.actors_[self.current_];
    me.next = step;
    me.ready = std::move(ready);
    swapcontext(&me.context, &self.scheduler_);
}

void Explorer::changed(std::uint32_t place) {
    if (running_ == nullptr)
        return;
    for (unsigned i = 0; i < running_->count_; ++i)
        if (running_->actors_[i].waits_for == place)
            running_->actors_[i].waits_for = Step::nothing;
}

void Explorer::relax() {
    if (running_ != nullptr)
        running_->actors_[running_->current_].waits_for = running_->actors_[running_->current_].last.place;
}

unsigned Explorer::actor() { return running_ == nullptr ? max_actors : running_->current_; }

void Explorer::fail(const std::string& what) {
    if (running_ != nullptr && running_->failure_.empty())
        running_->failure_ = what;
}

void Explorer::resume(unsigned actor) {
    current_ = actor;
    actors_[actor].last = actors_[actor].next;
    actors_[actor].ready = {};
    running_ = this;
    swapcontext(&scheduler_, &actors_[actor].context);
    running_ = nullptr;
}

std::uint32_t Explorer::enabled() const {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < count_; ++i) {
        const Coroutine& actor = actors_[i];
        if (!actor.finished && actor.waits_for == Step::nothing && (!actor.ready || actor.ready()))
            mask |= 1u << i;
    }
    return mask;
}

/// An actor for a node that is new: none where each that could go is asleep.
bool Explorer::choose(Node& node) const {
    const std::uint32_t awake = node.enabled & ~node.sleep;
    if (awake == 0)
        return false;
    // The one that went before goes on, if it can.
    const std::uint32_t same = depth_ > 0 ? 1u << path_[depth_ - 1].chosen : 0;
    node.chosen = static_cast<unsigned>(std::countr_zero((awake & same) != 0 ? awake & same : awake));
    node.backtrack = 1u << node.chosen;
    return true;
}

/// For each step before that could have come after this one, and then matters: it is to come after it in another run.
void Explorer::note_races(std::size_t at, const Clock& before) {
    const unsigned who = path_[at].chosen;
    const Step& step = path_[at].next[who];
    std::array<std::uint32_t, max_actors> number{};
    for (std::size_t i = 0; i < at; ++i)
        ++number[path_[i].chosen];
    for (std::size_t i = at; i-- > 0;) {
        Node& node = path_[i];
        const std::uint32_t nth = number[node.chosen]--;
        if (node.chosen == who || nth <= before[node.chosen] || !step.depends_on(node.next[node.chosen]))
            continue;
        node.backtrack |= (node.enabled >> who & 1) != 0 ? 1u << who : node.enabled;
    }
}

std::string Explorer::name_of(unsigned actor, const Step& step) {
    return " " + std::to_string(actor) + (step.write ? "w" : "r") +
           (step.place == Step::nothing ? "-" : std::to_string(step.place));
}

std::string Explorer::trace() const {
    std::string text;
    for (std::size_t i = 0; i < depth_; ++i)
        text += name_of(path_[i].chosen, path_[i].next[path_[i].chosen]);
    return text;
}

void Explorer::begin(Run& run) {
    const std::vector<Actor> bodies = run.actors();
    count_ = static_cast<unsigned>(bodies.size());
    failure_.clear();
    depth_ = 0;
    for (unsigned i = 0; i < count_; ++i) {
        Coroutine& actor = actors_[i];
        if (!actor.stack)
            actor.stack = std::make_unique<char[]>(stack_size);
        actor.body = bodies[i];
        actor.finished = false;
        actor.waits_for = Step::nothing;
        actor.ready = {};
        actor.last = actor.next = {};
        actor.clock = {};
        actor.touched = 0;
        actor.known = actor.kept = {};
        actor.known.add(i);
        actor.kept.add(i);
        getcontext(&actor.context);
        actor.context.uc_stack.ss_sp = actor.stack.get();
        actor.context.uc_stack.ss_size = stack_size;
        actor.context.uc_link = nullptr;
        makecontext(&actor.context, reinterpret_cast<void (*)()>(&Explorer::enter_actor), 0);
        resume(i); // to its first step
    }
}

bool Explorer::all_finished() const {
    return std::all_of(actors_.begin(), actors_.begin() + count_,
                       [](const Coroutine& actor) { return actor.finished; });
}

std::string Explorer::run_once(const MakeRun& make, Explored& explored) {
    const std::size_t known = path_.size(); // the last of these is the one where this run leaves the last one
    const auto run = make();
    begin(*run);
    std::vector<std::pair<Clock, Clock>> places; // of each: the last write, and all reads since the beginning
    const auto clocks_of = [&](std::uint32_t place) -> std::pair<Clock, Clock>& {
        if (places.size() <= place)
            places.resize(place + 1);
        return places[place];
    };
    const auto join = [](Clock& to, const Clock& from) {
        for (unsigned i = 0; i < max_actors; ++i)
            to[i] = std::max(to[i], from[i]);
    };
    std::string wrong;
    for (;;) {
        if (all_finished())
            break;
        const std::uint32_t can = enabled();
        if (can == 0) {
            wrong = "nobody can go on";
            break;
        }
        if (depth_ >= max_steps) {
            wrong = "it does not end";
            break;
        }
        if (depth_ == path_.size()) {
            Node node;
            node.enabled = can;
            for (unsigned i = 0; i < count_; ++i)
                node.next[i] = actors_[i].next;
            if (depth_ > 0) {
                const Node& last = path_[depth_ - 1];
                const Step& done = last.next[last.chosen];
                // Who was tried there already sleeps until something that it depends on is done.
                const std::uint32_t asleep = (last.sleep | last.done) & ~(1u << last.chosen);
                for (unsigned i = 0; i < count_; ++i)
                    if ((asleep >> i & 1) != 0 && !last.next[i].depends_on(done))
                        node.sleep |= 1u << i;
            }
            if (!choose(node)) {
                ++explored.cut;
                return {};
            }
            path_.push_back(node);
        }
        Node& node = path_[depth_];
        const unsigned who = node.chosen;
        Coroutine& actor = actors_[who];
        const Step step = actor.next;
        const Clock before = actor.clock;
        for (const std::uint32_t place : {step.place, step.also_reads}) {
            if (place == Step::nothing)
                continue;
            auto& [written, read] = clocks_of(place);
            join(actor.clock, written);
            if (place == step.place && step.write)
                join(actor.clock, read);
        }
        ++actor.clock[who];
        for (const std::uint32_t place : {step.place, step.also_reads})
            if (place != Step::nothing) {
                auto& [written, read] = clocks_of(place);
                join(place == step.place && step.write ? written : read, actor.clock);
            }
        if (depth_ + 1 >= known) // what is new, and the step in which the runs part
            note_races(depth_, before);
        ++depth_;
        ++explored.steps;
        resume(who);
        wrong = failure_.empty() ? run->after_step() : failure_;
        if (!wrong.empty())
            break;
    }
    if (wrong.empty())
        wrong = failure_.empty() ? run->at_end() : failure_;
    return wrong.empty() ? wrong : wrong + ":" + trace();
}

/// To the last node at which somebody else is to go first. False: there is none.
bool Explorer::go_back() {
    while (!path_.empty()) {
        Node& node = path_.back();
        node.done |= 1u << node.chosen;
        const std::uint32_t left = node.backtrack & node.enabled & ~node.done & ~node.sleep;
        if (left != 0) {
            node.chosen = static_cast<unsigned>(std::countr_zero(left));
            return true;
        }
        path_.pop_back();
    }
    return false;
}

Explored Explorer::explore(const MakeRun& make, std::uint64_t max_runs) {
    Explored explored;
    path_.clear();
    while (explored.runs < max_runs) {
        ++explored.runs;
        explored.failure = run_once(make, explored);
        if (!explored.failure.empty())
            return explored;
        if (!go_back()) {
            explored.complete = true;
            return explored;
        }
    }
    return explored;
}

} // namespace transom::interleave

/// arch::relax() of the fake machine gives the processor up by this.
extern "C" int sched_yield() noexcept {
    transom::interleave::Explorer::relax();
    return 0;
}
