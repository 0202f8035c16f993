// SPDX-License-Identifier: Apache-2.0
#include <transom/fault/fault.hpp>

namespace transom::fault {

std::optional<Action> action(std::string_view name) {
    if (name == "corrupt")
        return Action::corrupt;
    if (name == "truncate")
        return Action::truncate;
    if (name == "cut")
        return Action::cut;
    if (name == "hold")
        return Action::hold;
    return std::nullopt;
}

std::string_view name(FaultState state) {
    switch (state) {
    case FaultState::none:
        return "none";
    case FaultState::armed:
        return "armed";
    case FaultState::happened:
        return "happened";
    }
    return "unknown";
}

void FaultPlan::arm_state(FaultState state) {
    state_ = state;
    connections_ = 0;
    sent_ = {};
}

void FaultPlan::arm(const Fault& fault) {
    fault_ = fault;
    way_ = {};
    arm_state(FaultState::armed);
}

std::uint64_t FaultPlan::sent(std::uint16_t record) const {
    std::uint64_t sum = 0;
    for (const auto& phase : sent_)
        sum += record < record_types ? phase[record] : 0;
    return sum;
}

std::uint64_t FaultPlan::sent(std::uint16_t record, migrate::MoveState phase) const {
    const auto index = static_cast<std::size_t>(phase);
    return record < record_types && index < phases ? sent_[index][record] : 0;
}

std::optional<Action> FaultPlan::at(std::uint16_t record, Way way) {
    if (record >= record_types)
        return std::nullopt;
    const migrate::MoveState phase = phases_ == nullptr ? migrate::MoveState::none : phases_->phase();
    ++sent_[static_cast<std::size_t>(phase)][record];
    if (state_ != FaultState::armed || record != fault_.record || (fault_.phase && phase != *fault_.phase))
        return std::nullopt;
    if ((fault_.phase ? sent(record, phase) : sent(record)) != fault_.nth)
        return std::nullopt;
    state_ = FaultState::happened;
    way_ = way;
    phase_ = phase;
    return fault_.action;
}

} // namespace transom::fault
