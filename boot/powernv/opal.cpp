// SPDX-License-Identifier: Apache-2.0
#include "opal.hpp"

#include <arch/machine.hpp>

extern "C" std::int64_t opal_call(const std::uint64_t* arguments, std::uint64_t token, std::uint64_t base,
                                  std::uint64_t entry);

namespace boot::opal {

namespace {
constinit std::uint64_t opal_base = 0, opal_entry = 0;
}

void set_entry(std::uint64_t base, std::uint64_t entry) {
    opal_base = base;
    opal_entry = entry;
}

std::int64_t call_with(Call token, const std::uint64_t (&arguments)[8]) {
    const arch::MachineTime time; // firmware has timers
    return opal_call(arguments, static_cast<std::uint64_t>(token), opal_base, opal_entry);
}

} // namespace boot::opal
