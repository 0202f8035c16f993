// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <arch/clock.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using partition::Vcpu;

std::uint64_t timebase(const Vcpu& vcpu) { return arch::timebase() + vcpu.partition->timebase_offset; }

std::optional<partition::Moment> moment(Inputs in) {
    return partition::to_moment({in[0], in[1], in[2], in[3], in[4], in[5], in[6]});
}

} // namespace

Reply get_time_of_day(Vcpu& vcpu, Inputs) {
    const auto now = partition::to_date_time(vcpu.partition->clock.now(timebase(vcpu)));
    Reply reply;
    for (const std::uint32_t value : {now.year, now.month, now.day, now.hour, now.minute, now.second, now.nanosecond})
        (void)reply.values.push_back(value); // as many fit
    return reply;
}

Reply set_time_of_day(Vcpu&, Inputs in) {
    if (!moment(in))
        return status(parameter_error);
    return then_do([](Vcpu& vcpu, Inputs again) { vcpu.partition->clock.set(*moment(again), timebase(vcpu)); });
}

} // namespace transom::rtas
