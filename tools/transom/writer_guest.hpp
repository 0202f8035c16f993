// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "moving_guest.hpp"

namespace transom::tool {

/// The bare-metal partition that stores to so many of its pages in a second (tests/guests/writer). `writes`: idle, mixed or the percentage
/// of its memory. Throws Failure for others.
std::unique_ptr<MovingGuest> make_writer_guest(std::string_view writes, unsigned rate);

} // namespace transom::tool
