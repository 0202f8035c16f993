// SPDX-License-Identifier: Apache-2.0
#include "link_network.hpp"

namespace boot {

LinkNetwork link_network(transom::net::Network& known) { return {.network = known}; }
LinkNetwork link_below(transom::net::Network& bare) { return {.network = bare}; }

} // namespace boot
