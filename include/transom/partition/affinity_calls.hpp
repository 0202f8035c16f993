// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/affinity_desk.hpp>

namespace transom::partition {

struct Partition;

// What calls do at a partition's desk, whichever way they come; Partition::devices is held. Who deals with it is woken.

/// The answer, or null while there is none: the caller is to come again.
const AffinityDesk::Answer* ask_affinity(Partition& partition, const AffinityQuestion& question);
/// False: it has asked for one that is not over.
bool want_reallocation(Partition& partition);
/// False: it has not asked for one, or it is over.
bool cancel_reallocation(Partition& partition);

} // namespace transom::partition
