// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace spin {

/// What vectors.S loads and stores.
struct alignas(16) Vectors {
    std::array<std::array<std::uint64_t, 2>, 64> registers{};
    std::uint64_t fpscr = 0, unused = 0;
    std::array<std::uint64_t, 2> vscr{};

    bool operator==(const Vectors&) const = default;
};
static_assert(offsetof(Vectors, fpscr) == 1024 && offsetof(Vectors, vscr) == 1040);

extern "C" void load_vectors(const Vectors* from);
extern "C" void store_vectors(Vectors* to);
extern "C" std::uint64_t count_until(std::uint64_t timebase, std::uint64_t* counter);

} // namespace spin
