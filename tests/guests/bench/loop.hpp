// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bench {

/// One call of a loop: r3 to r12 before it, and the status that it must end with.
struct Step {
    std::array<std::uint64_t, 10> registers{};
    std::int64_t status = 0;
};

/// As loop.S lays it out.
struct Loop {
    std::uint64_t iterations = 0;
    std::uint64_t instructions = 0, ticks = 0; // from the loop's first instruction to its last
    std::uint64_t unexpected = 0;              // the bits in which any status was not the expected one
    std::array<Step, 5> steps{};
};
static_assert(offsetof(Loop, unexpected) == 24 && offsetof(Loop, steps) == 32 && offsetof(Step, status) == 80 &&
              sizeof(Step) == 88);

extern "C" void call_once(Loop*);
extern "C" void call_twice(Loop*);
extern "C" void call_five_times(Loop*);
/// The same loops with the calls left out.
extern "C" void skip_once(Loop*);
extern "C" void skip_twice(Loop*);
extern "C" void skip_five_times(Loop*);

} // namespace bench
