// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/rtas/table.hpp>

/// The handlers of the table of RTAS calls. The table has checked the numbers of cells; `in` are the inputs. Each is
/// described in LoPAR under its name.
namespace transom::rtas {

// time.cpp
Reply get_time_of_day(partition::Vcpu& vcpu, Inputs in);
Reply set_time_of_day(partition::Vcpu& vcpu, Inputs in);

// power.cpp
Reply power_off(partition::Vcpu& vcpu, Inputs in);
Reply system_reboot(partition::Vcpu& vcpu, Inputs in);
Reply os_term(partition::Vcpu& vcpu, Inputs in);

// processor.cpp
Reply query_cpu_stopped_state(partition::Vcpu& vcpu, Inputs in);
Reply start_cpu(partition::Vcpu& vcpu, Inputs in);
Reply stop_self(partition::Vcpu& vcpu, Inputs in);

// interrupt.cpp
Reply set_xive(partition::Vcpu& vcpu, Inputs in);
Reply get_xive(partition::Vcpu& vcpu, Inputs in);
Reply int_on(partition::Vcpu& vcpu, Inputs in);
Reply int_off(partition::Vcpu& vcpu, Inputs in);

// service.cpp
Reply display_character(partition::Vcpu& vcpu, Inputs in);
Reply event_scan(partition::Vcpu& vcpu, Inputs in);
Reply get_system_parameter(partition::Vcpu& vcpu, Inputs in);

// affinity.cpp
Reply set_system_parameter(partition::Vcpu& vcpu, Inputs in);
/// As get_system_parameter, for those that are about affinity; nothing: it is none of them, or not for this partition.
std::optional<Reply> get_affinity_parameter(partition::Vcpu& vcpu, Inputs in);

/// A call that only says how it went.
inline Reply status(std::int32_t value) {
    Reply reply;
    reply.status = value;
    return reply;
}

/// A call that succeeds and then does something.
inline Reply then_do(void (*effect)(partition::Vcpu&, Inputs), hcall::Then then = hcall::Then::resume) {
    Reply reply;
    reply.effect = effect;
    reply.then = then;
    return reply;
}

/// A call that needs a page of the partition that is not here.
inline Reply missing() { return then_do(nullptr, hcall::Then::missing); }

} // namespace transom::rtas
