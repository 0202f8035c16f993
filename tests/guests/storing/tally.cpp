// SPDX-License-Identifier: Apache-2.0
#include "tally.hpp"

#include "../common/processors.hpp"

namespace storing {

std::array<Tally, processors> tallies;

Tally& tally() { return tallies[guest::processor_number()]; }

std::uint64_t total(std::atomic<std::uint64_t> Tally::*what) {
    std::uint64_t sum = 0;
    for (const Tally& each : tallies)
        sum += (each.*what).load(std::memory_order_relaxed);
    return sum;
}

void bad(std::string_view what, std::uint64_t where, std::uint64_t got, std::uint64_t expected) {
    constexpr unsigned most = 20;
    static std::array<unsigned, processors> said{};
    if (said[guest::processor_number()]++ >= most)
        return;
    guest::Line line;
    line << "storing: BAD " << what << " at=" << where << " got=" << got << " expected=" << expected
         << " processor=" << static_cast<std::int64_t>(guest::processor_number());
    guest::print(line);
}

void expect(std::string_view what, std::uint64_t where, std::uint64_t got, std::uint64_t expected) {
    if (got == expected)
        return;
    Tally::count(tally().wrong_others);
    bad(what, where, got, expected);
}

} // namespace storing
