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
    sent_ = {};
}

void FaultPlan::arm(const Fault& fault) {
    fault_ = fault;
    on_channel_ = false;
    arm_state(FaultState::armed);
}

std::optional<Action> FaultPlan::at(std::uint16_t record, bool on_channel) {
    if (record >= record_types)
        return std::nullopt;
    ++sent_[record];
    if (state_ != FaultState::armed || record != fault_.record || sent_[record] != fault_.nth)
        return std::nullopt;
    state_ = FaultState::happened;
    on_channel_ = on_channel;
    return fault_.action;
}

} // namespace transom::fault
