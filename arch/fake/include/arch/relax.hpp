// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>

namespace arch {

/// While waiting for another processor.
inline void relax() { std::this_thread::yield(); }

} // namespace arch
