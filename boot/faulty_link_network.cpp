// SPDX-License-Identifier: Apache-2.0
#include "link_network.hpp"

#include <transom/fault/faulty_network.hpp>

namespace boot {

LinkNetwork link_network(transom::net::Network& known) {
    static transom::fault::FaultyNetwork faulty(known);
    return {.network = faulty, .faults = &faulty.plan(), .task = &faulty};
}

LinkNetwork link_below(transom::net::Network& bare) {
    static transom::fault::FaultyNetwork faulty(bare, transom::fault::sealed_framing);
    return {.network = faulty, .faults = &faulty.plan(), .task = &faulty};
}

} // namespace boot
