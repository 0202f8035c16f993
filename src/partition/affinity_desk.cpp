// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/partition/affinity_desk.hpp>

namespace transom::partition {

using affinity::wire::Job;
using affinity::wire::JobState;

bool AffinityQuestion::same_as(const AffinityQuestion& other) const {
    return about == other.about && formula == other.formula &&
           std::ranges::equal(proposal.bytes(), other.proposal.bytes());
}

const AffinityDesk::Answer* AffinityDesk::ask(const AffinityQuestion& question, std::uint64_t now,
                                              std::uint64_t patience) {
    if (state_ == State::answered && question_.same_as(question))
        return &answer_;
    if (state_ == State::free || (state_ == State::answered && now - answered_at_ > patience)) {
        question_ = question;
        state_ = State::asked;
        ring();
    }
    return nullptr;
}

void AffinityDesk::answer(const Answer& answer, std::uint64_t now) {
    answer_ = answer;
    answered_at_ = now;
    state_ = State::answered;
    ring();
}

bool AffinityDesk::job_goes_on() const {
    const auto state = static_cast<JobState>(std::uint16_t{job_.state});
    return state == JobState::waiting || state == JobState::planning || state == JobState::running ||
           state == JobState::stopping;
}

bool AffinityDesk::want_job() {
    if (job_goes_on())
        return false;
    Job waiting{};
    waiting.version = affinity::wire::version;
    waiting.state = static_cast<std::uint16_t>(JobState::waiting);
    set_job(waiting);
    return true;
}

bool AffinityDesk::begin_job() {
    if (!wants_job())
        return false;
    job_.state = static_cast<std::uint16_t>(JobState::planning);
    ring();
    return true;
}

bool AffinityDesk::cancel_job() {
    if (!job_goes_on())
        return false;
    if (wants_job())
        job_.state = static_cast<std::uint16_t>(JobState::stopped);
    else
        wants_stop_ = true;
    ring();
    return true;
}

void AffinityDesk::set_job(const Job& job) {
    job_ = job;
    wants_stop_ = wants_stop_ && job_goes_on();
    ring();
}

void AffinityDesk::ring() {
    rings_.store(state_ == State::asked || wants_job() || wants_stop_, std::memory_order_release);
}

} // namespace transom::partition
