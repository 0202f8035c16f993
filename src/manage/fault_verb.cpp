// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <transom/fault/fault.hpp>
#include <transom/manage/connection.hpp>

// `fault`, of the test image: docs/manage.md.

namespace transom::manage {

void Connection::say_fault(const fault::FaultPlan& plan, std::optional<migrate::MoveState> phase) {
    out_size_ = out_sent_ = 0;
    append("ok fault={}", name(plan.state()));
    if (plan.state() == fault::FaultState::happened)
        append(" phase={} connection={}", name(plan.phase()), plan.way().connection);
    if (plan.state() == fault::FaultState::happened && plan.way().channel)
        append(" on_channel=yes");
    for (std::uint16_t type = 0; type < fault::FaultPlan::record_types; ++type)
        if (const std::uint64_t sent = phase ? plan.sent(type, *phase) : plan.sent(type); sent != 0)
            append(" record_{}={}", type, sent);
    end_line();
}

void Connection::order_fault(Request& request) {
    const auto layer = request.take("layer");
    if (layer && *layer != "stream" && *layer != "sealed")
        return error("bad-value", *layer, "layer is stream (before it is encrypted) or sealed (after that)");
    fault::FaultPlan& plan = *machine_->faults(layer == "sealed" ? fault::Layer::sealed : fault::Layer::stream);
    const auto phase_name = request.take("phase");
    const auto phase = phase_name ? migrate::move_state(*phase_name) : std::nullopt;
    if (phase_name && !phase)
        return error("bad-value", *phase_name, "phase is a state of a move, as migration says it");
    const auto record = request.take("record");
    const auto nth = request.take("nth");
    const auto what = request.take("do");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "fault has layer, phase, record, nth and do");
    if (!what)
        return say_fault(plan, phase);
    if (*what == "nothing") {
        plan.disarm();
        return line("ok");
    }
    const auto action = fault::action(*what);
    if (!action)
        return error("bad-value", *what, "do is corrupt, truncate, cut, hold or nothing");
    const auto type = record ? parse_number(*record) : std::nullopt;
    if (!type || *type >= fault::FaultPlan::record_types)
        return error("bad-value", record.value_or(""), "record is the number of a type of record of that layer");
    const auto which = nth ? parse_number(*nth) : 1;
    if (!which || *which == 0)
        return error("bad-value", *nth, "nth is the number of a record of that type, from 1");
    plan.arm({.record = static_cast<std::uint16_t>(*type), .nth = *which, .action = *action, .phase = phase});
    line("ok");
}

} // namespace transom::manage
