// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <algorithm>
#include <array>
#include <transom/base/panic.hpp>

namespace transom::rtas {
namespace {

/// Tokens mean nothing to a partition but what its device tree says; they are as large as nobody uses by mistake.
constexpr std::uint32_t first_token = 0x2001;

constexpr std::array table{
    Row{first_token + 0, "get-time-of-day", 0, 8, get_time_of_day},
    Row{first_token + 1, "set-time-of-day", 7, 1, set_time_of_day},
    Row{first_token + 2, "power-off", 2, 1, power_off},
    Row{first_token + 3, "system-reboot", 0, 1, system_reboot},
    Row{first_token + 4, "query-cpu-stopped-state", 1, 2, query_cpu_stopped_state},
    Row{first_token + 5, "start-cpu", 3, 1, start_cpu},
    Row{first_token + 6, "stop-self", 0, 1, stop_self},
    Row{first_token + 7, "ibm,set-xive", 3, 1, set_xive},
    Row{first_token + 8, "ibm,get-xive", 1, 3, get_xive},
    Row{first_token + 9, "ibm,int-on", 1, 1, int_on},
    Row{first_token + 10, "ibm,int-off", 1, 1, int_off},
    Row{first_token + 11, "display-character", 1, 1, display_character},
    Row{first_token + 12, "event-scan", 4, 1, event_scan},
    Row{first_token + 13, "ibm,get-system-parameter", 3, 1, get_system_parameter},
    Row{first_token + 14, "ibm,os-term", 1, 1, os_term},
    Row{first_token + 15, "ibm,set-system-parameter", 2, 1, set_system_parameter},
};

static_assert([] {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].token != first_token + i || table[i].outputs == 0 || table[i].outputs > max_outputs ||
            table[i].inputs > max_inputs)
            return false;
        for (std::size_t j = 0; j < i; ++j)
            if (table[i].name == table[j].name)
                return false;
    }
    return true;
}());

} // namespace

std::span<const Row> rows() { return table; }

} // namespace transom::rtas
