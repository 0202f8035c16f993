// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <transom/relocate/standing.hpp>

namespace transom::relocate {

using partition::Partition;

void Standing::look() { count_capacities(nodes_, roster_, topology_, frames_); }

std::optional<affinity::Score> Standing::score(const affinity::Metric& metric, const Partition& partition) {
    return affinity::score(metric, nodes_, place(partition), affinity::yardstick(metric, nodes_, size_of(partition)));
}

affinity::ScoreReport Standing::report(const affinity::Metric& metric, const Partition& partition) {
    return affinity::report(metric, nodes_, place(partition), affinity::yardstick(metric, nodes_, size_of(partition)),
                            arch::timebase());
}

std::optional<affinity::Score> Standing::system(const affinity::Metric& metric) {
    affinity::SystemScore all;
    roster_.for_each([&](const Partition& partition) { all.add(size_of(partition), score(metric, partition)); });
    return all.mean();
}

const Partition* Standing::partition(std::size_t index) {
    const Partition* found = nullptr;
    roster_.for_each([&](const Partition& partition) {
        if (index-- == 0)
            found = &partition;
    });
    return found;
}

} // namespace transom::relocate
