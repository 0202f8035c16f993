// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/fault/fault.hpp>
#include <transom/net/byte_stream.hpp>
#include <transom/partition/dispatcher.hpp>

namespace boot {

/// What partitions move over. Each image has its own.
struct LinkNetwork {
    transom::net::Network& network;
    transom::fault::FaultPlan* faults = nullptr; ///< of the test image
    transom::partition::Task* task = nullptr;    ///< that it needs, if any
};
/// `known`: connections of machines that know each other.
LinkNetwork link_network(transom::net::Network& known);
/// What is below those: `bare` connections of anybody.
LinkNetwork link_below(transom::net::Network& bare);

} // namespace boot
