// SPDX-License-Identifier: Apache-2.0
#include <transom/dual/switch_halts.hpp>

namespace transom::dual {
namespace {

constinit SwitchHalts halts_of_machine;

} // namespace

SwitchHalts& switch_halts() { return halts_of_machine; }

} // namespace transom::dual
