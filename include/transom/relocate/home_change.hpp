// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/affinity/topology.hpp>
#include <transom/partition/partition.hpp>

namespace transom::relocate {

/// A virtual processor has another home from now on. Where its partition has registered a VPA, the counter there goes on for each reference point at
/// which the two nodes are in different domains, and for no other (R83): it asks H_HOME_NODE_ASSOCIATIVITY then. No block of its memory is closed.
void change_home(partition::Vcpu& vcpu, affinity::NodeIndex to, const affinity::Topology& topology);

} // namespace transom::relocate
