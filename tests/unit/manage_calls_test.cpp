// SPDX-License-Identifier: Apache-2.0
// What the management service says about a partition's hypervisor calls.
#include "manage_fixture.hpp"

#include <transom/hcall/dispatch.hpp>
#include <transom/partition/msr.hpp>

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

TEST_F(ManageTest, ListsThePartitionsCallsWithLatenciesWhileItIsObserved) {
    partition::Partition& p = *machine.debian;
    p.vcpus[0].partition = &p;
    p.allowed_calls.allow(papr::FunctionSets::all());
    const auto call = [&](std::uint64_t token) {
        p.vcpus[0].registers.gpr[3] = token;
        (void)hcall::dispatch(p.vcpus[0]);
    };
    constexpr std::uint64_t poll_pending = 0x1d8, no_call = 0x1234;
    call(poll_pending);
    EXPECT_THAT(ask("calls partition=debian\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=1", "ok observe=off privilege=0"));
    EXPECT_THAT(ask("trace partition=debian\n"), ElementsAre("ok calls=0"));
    EXPECT_THAT(ask("calls partition=debian observe=on\n"), testing::Contains("ok observe=on privilege=0"));
    call(poll_pending);
    call(no_call);
    p.observation.record_other_exit(5);
    EXPECT_THAT(ask("calls partition=debian observe=off\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=2 ticks=0 "
                            "latency=1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
                            "+ call=unknown set=- count=1 ticks=0 latency=1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
                            "+ exits=other count=1 ticks=5 latency=0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0",
                            "ok observe=off privilege=0"));
    call(poll_pending);
    EXPECT_THAT(ask("trace partition=debian\n"),
                ElementsAre(StartsWith("+ timebase=1000 vcpu=0 call=unknown token=0x1234 r4=0x0 r5=0x0 r6=0x0 r7=0x0"),
                            "+ timebase=1000 vcpu=0 call=H_POLL_PENDING token=0x1d8 status=0", "ok calls=2"));
    // Calls from problem state are counted apart.
    p.observation.start();
    p.vcpus[0].registers.msr = partition::msr::pr;
    call(poll_pending);
    EXPECT_THAT(ask("calls partition=debian\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=3", "+ call=unknown set=- count=1",
                            "ok observe=on privilege=1"));
    EXPECT_THAT(ask("calls partition=debian observe=perhaps\n"), ElementsAre(StartsWith("error bad-value: ")));
    EXPECT_THAT(ask("calls\n"), ElementsAre("error missing-key: \"partition\": calls needs partition=NAME"));
    EXPECT_THAT(ask("trace partition=windows\n"), ElementsAre(StartsWith("error no-such-partition: ")));
    EXPECT_THAT(ask("trace partition=debian age=1\n"), ElementsAre(StartsWith("error unknown-key: ")));
}

TEST_F(ManageTest, TracesTheCallsOfAPartitionThatHasMovedInTheMachinesTime) {
    partition::Partition& p = *machine.debian;
    p.timebase_offset = 1 << 24;
    p.allowed_calls.allow(papr::FunctionSets::all());
    p.observation.start();
    p.vcpus[0].registers.gpr[3] = 0x1d8;
    (void)hcall::dispatch(p.vcpus[0]);
    EXPECT_THAT(ask("trace partition=debian\n"),
                ElementsAre("+ timebase=1000 vcpu=0 call=H_POLL_PENDING token=0x1d8 status=0", "ok calls=1"));
}

} // namespace
} // namespace transom::manage
