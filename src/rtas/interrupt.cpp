// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <transom/partition/deliver.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using interrupt::Source;
using partition::Vcpu;

Source* find(Vcpu& vcpu, Inputs in) { return vcpu.partition->sources.find(in[0]); }

/// Changes the source that was found, and has the processor look that may get an interrupt of it now.
template <class Change> void change(Vcpu& vcpu, Inputs in, Change make) {
    {
        const Locked events(vcpu.partition->events);
        make(*find(vcpu, in));
    }
    partition::alert_server(*vcpu.partition, in[0]);
}

} // namespace

// All but ibm,get-xive yield: they can make an interrupt come up or go away.
Reply set_xive(Vcpu& vcpu, Inputs in) {
    if (find(vcpu, in) == nullptr || in[1] >= vcpu.partition->vcpu_count || in[2] > interrupt::least_favoured)
        return status(parameter_error);
    return then_do(
        [](Vcpu& caller, Inputs again) {
            change(caller, again, [again](Source& source) {
                source.server = again[1];
                source.priority = static_cast<interrupt::Priority>(again[2]);
            });
        },
        hcall::Then::yield);
}

// LoPAR: the values of the last ibm,set-xive, whether the source is on or off.
Reply get_xive(Vcpu& vcpu, Inputs in) {
    const Source* source = find(vcpu, in);
    if (source == nullptr)
        return status(parameter_error);
    Reply reply;
    (void)reply.values.push_back(source->server);
    (void)reply.values.push_back(source->priority);
    return reply;
}

Reply int_on(Vcpu& vcpu, Inputs in) {
    if (find(vcpu, in) == nullptr)
        return status(parameter_error);
    return then_do(
        [](Vcpu& caller, Inputs again) { change(caller, again, [](Source& source) { source.enabled = true; }); },
        hcall::Then::yield);
}

Reply int_off(Vcpu& vcpu, Inputs in) {
    if (find(vcpu, in) == nullptr)
        return status(parameter_error);
    return then_do(
        [](Vcpu& caller, Inputs again) { change(caller, again, [](Source& source) { source.enabled = false; }); },
        hcall::Then::yield);
}

} // namespace transom::rtas
