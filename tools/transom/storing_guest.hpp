// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "moving_guest.hpp"

namespace transom::tool {

/// The bare-metal partition that stores all the time and knows what must come of it (tests/guests/storing).
std::unique_ptr<MovingGuest> make_storing_guest(StoringTask task);

} // namespace transom::tool
