// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/progress.hpp>

namespace transom::migrate {

std::optional<MoveMode> move_mode(std::string_view name) {
    if (name == "pre-copy")
        return MoveMode::pre_copy;
    if (name == "hybrid")
        return MoveMode::hybrid;
    if (name == "post-copy")
        return MoveMode::post_copy;
    if (name == "stop-and-copy")
        return MoveMode::stop_and_copy;
    return {};
}

std::string_view name(Role role) {
    switch (role) {
    case Role::none:
        return "none";
    case Role::source:
        return "source";
    case Role::target:
        return "target";
    }
    return "none";
}

std::string_view name(MoveState state) {
    switch (state) {
    case MoveState::none:
        return "none";
    case MoveState::connecting:
        return "connecting";
    case MoveState::pre_copying:
        return "pre-copying";
    case MoveState::copying:
        return "copying";
    case MoveState::confirming:
        return "confirming";
    case MoveState::post_copying:
        return "post-copying";
    case MoveState::completed:
        return "completed";
    case MoveState::failed:
        return "failed";
    case MoveState::refused:
        return "refused";
    case MoveState::in_doubt:
        return "in-doubt";
    case MoveState::checked:
        return "checked";
    }
    return "none";
}

std::optional<MoveState> move_state(std::string_view word) {
    for (unsigned i = 0; i <= static_cast<unsigned>(MoveState::checked); ++i)
        if (name(static_cast<MoveState>(i)) == word)
            return static_cast<MoveState>(i);
    return {};
}

} // namespace transom::migrate
