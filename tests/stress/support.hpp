// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <barrier>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

namespace transom::stress {

/// Of this run: TRANSOM_STRESS_SEED, else always the same. It decides what each thread does; in which order they do it is the
/// system's affair. Printed, so that a failure's output names it.
inline std::uint64_t seed() {
    const char* const given = std::getenv("TRANSOM_STRESS_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 0) : 20261126;
    std::printf("seed %llu (TRANSOM_STRESS_SEED)\n", static_cast<unsigned long long>(value));
    return value;
}

/// What one thread, or one virtual processor, decides by.
class Random {
  public:
    Random(std::uint64_t seed, std::uint64_t stream) : engine_(seed * 0x9e3779b97f4a7c15 + stream) {}

    std::uint64_t below(std::uint64_t end) { return engine_() % end; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

  private:
    std::mt19937_64 engine_;
};

/// Runs body(0) to body(count - 1), each on a thread of its own, all of which begin together.
template <class F> void run_threads(unsigned count, F body) {
    std::barrier begin(count);
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back([&begin, &body, i] {
            begin.arrive_and_wait();
            body(i);
        });
}

} // namespace transom::stress
