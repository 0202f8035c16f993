// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "management_client.hpp"

namespace transom::tool {

/// A connection for a command that gives orders. Throws Failure where nobody answers within a few seconds.
ManagementClient connect_for_orders(const OrderOptions& options);

/// A name as it goes into a request. Throws Failure where it cannot be one.
std::string partition_word(const std::string& name);

/// Throws Failure with the machine's own line, unless the answer is good.
void demand_good(const Answer& answer);

} // namespace transom::tool
