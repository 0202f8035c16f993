// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "moving_guest.hpp"

namespace transom::tool {

/// What it is to do besides.
struct StoringTask {
    bool forgets = false; ///< to forget one of its own stores, which it must find
    bool counts = false;  ///< after a move to say what its calls took; the machines count instructions
};

/// The bare-metal partition that stores all the time and knows what must come of it (tests/guests/storing).
std::unique_ptr<MovingGuest> make_storing_guest(StoringTask task);

} // namespace transom::tool
