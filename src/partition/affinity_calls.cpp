// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <transom/partition/affinity_calls.hpp>
#include <transom/partition/partition.hpp>

namespace transom::partition {

namespace {

constexpr std::uint64_t patience_s = 1; // for who has asked to come for his answer

bool wake(Partition& partition, bool for_something) {
    if (for_something)
        partition.pool->sleepers.wake_for_tasks();
    return for_something;
}

} // namespace

const AffinityDesk::Answer* ask_affinity(Partition& partition, const AffinityQuestion& question) {
    const auto* const answer =
        partition.affinity.ask(question, arch::timebase(), patience_s * partition.clock.frequency);
    wake(partition, answer == nullptr);
    return answer;
}

bool want_reallocation(Partition& partition) { return wake(partition, partition.affinity.want_job()); }

bool cancel_reallocation(Partition& partition) { return wake(partition, partition.affinity.cancel_job()); }

} // namespace transom::partition
