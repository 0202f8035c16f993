// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <papr/vpa.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/relocate/home_change.hpp>

namespace transom::relocate {

void change_home(partition::Vcpu& vcpu, affinity::NodeIndex to, const affinity::Topology& topology) {
    partition::Partition& partition = *vcpu.partition;
    const Locked events(partition.events);
    const affinity::NodeIndex from = vcpu.home.exchange(to);
    if (vcpu.areas.vpa.empty())
        return;
    const auto &old_domains = topology.domains(from), &new_domains = topology.domains(to);
    const std::size_t levels = std::min<std::size_t>(old_domains.size(), papr::vpa::home_node_changes_size);
    for (std::size_t i = 0; i < levels; ++i) {
        if (i < new_domains.size() && old_domains[i] == new_domains[i])
            continue;
        const LogicalAddr counter = vcpu.areas.vpa.begin + papr::vpa::home_node_changes_offset + i;
        if (const auto count = partition.memory.load<Be<std::uint8_t>>(counter))
            static_cast<void>(partition.memory.store(counter, Be<std::uint8_t>(static_cast<std::uint8_t>(*count + 1))));
    }
}

} // namespace transom::relocate
