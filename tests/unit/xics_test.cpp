// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include "xics_model.hpp"
#include <deque>
#include <set>
#include <string>
#include <transom/partition/dispatcher.hpp>

namespace transom::interrupt {
namespace {

using hcall::Then;
using papr::Op;
using papr::Status;

constexpr std::uint32_t message = first_source;
constexpr std::uint32_t level = first_source + 1;

/// The controller and the model of it side by side, and what the partition remembers to end.
struct Pair {
    Presentation presentation;
    Sources sources;
    XicsModel model;
    std::vector<std::uint32_t> taken; // XIRR values as loaded, innermost last

    std::string key() const {
        std::string k;
        for (const Source& s : {sources.table[0], sources.table[1]})
            k += {static_cast<char>(s.enabled), static_cast<char>(s.pending), static_cast<char>(s.in_service)};
        k += {static_cast<char>(presentation.cppr), static_cast<char>(presentation.mfrr)};
        for (const std::uint32_t xirr : taken)
            k += std::to_string(xirr) + ',';
        return k + model.key();
    }
};

struct Step {
    const char* name;
    void (*make)(Pair&);
};

void set_enabled(Pair& p, std::uint32_t source, bool on) {
    p.sources.find(source)->enabled = on;
    p.model.set_enabled(source - first_source, on);
}

void set_cppr(Pair& p, Priority cppr) {
    p.presentation.cppr = cppr;
    p.model.set_cppr(cppr);
}

void set_mfrr(Pair& p, Priority mfrr) {
    p.presentation.mfrr = mfrr;
    p.model.set_mfrr(mfrr);
}

void accept(Pair& p) {
    const std::uint32_t xirr = p.presentation.accept(p.sources, 0);
    ASSERT_EQ(xirr, p.model.accept());
    if ((xirr & 0xffffff) != no_source)
        p.taken.push_back(xirr);
}

void end(Pair& p) {
    if (p.taken.empty())
        return;
    p.presentation.end(p.sources, p.taken.back());
    p.model.end(p.taken.back());
    p.taken.pop_back();
}

constexpr Step steps[] = {
    {"signal", [](Pair& p) { p.sources.signal(message), p.model.signal(0); }},
    {"line up", [](Pair& p) { p.sources.find(level)->pending = true, p.model.set_line(1, true); }},
    {"line down", [](Pair& p) { p.sources.find(level)->pending = false, p.model.set_line(1, false); }},
    {"message off", [](Pair& p) { set_enabled(p, message, false); }},
    {"message on", [](Pair& p) { set_enabled(p, message, true); }},
    {"level off", [](Pair& p) { set_enabled(p, level, false); }},
    {"level on", [](Pair& p) { set_enabled(p, level, true); }},
    {"cppr 0", [](Pair& p) { set_cppr(p, 0); }},
    {"cppr 5", [](Pair& p) { set_cppr(p, 5); }},
    {"cppr ff", [](Pair& p) { set_cppr(p, 0xff); }},
    {"mfrr 4", [](Pair& p) { set_mfrr(p, 4); }},
    {"mfrr 6", [](Pair& p) { set_mfrr(p, 6); }},
    {"mfrr ff", [](Pair& p) { set_mfrr(p, 0xff); }},
    {"accept", accept},
    {"end", end},
};

// Every order of events that leads somewhere new, with two nested interrupts at most, against a controller that latches
// what it presents, rejects it for something better and asks for it again, as the hardware does.
TEST(Xics, IsTheHardwaresControllerInEveryReachableState) {
    constexpr Priority message_priority = 5, level_priority = 3;
    Pair start;
    start.sources.add(message, Trigger::message);
    start.sources.add(level, Trigger::level);
    start.sources.find(message)->priority = message_priority;
    start.sources.find(level)->priority = level_priority;
    start.model.sources[0].priority = message_priority;
    start.model.sources[1].priority = level_priority;
    start.model.sources[1].level = true;

    std::set<std::string> seen{start.key()};
    std::deque<std::pair<Pair, std::string>> open{{start, ""}};
    while (!open.empty()) {
        const auto [pair, path] = std::move(open.front());
        open.pop_front();
        for (const Step& step : steps) {
            Pair next = pair;
            step.make(next);
            const std::string way = path + " " + step.name + ";";
            ASSERT_FALSE(testing::Test::HasFailure()) << way;
            ASSERT_EQ(next.presentation.cppr, next.model.cppr) << way;
            ASSERT_EQ(next.presentation.delivered(next.sources, 0).source, next.model.xisr) << way;
            ASSERT_EQ(next.presentation.asserts(next.sources, 0), next.model.xisr != no_source) << way;
            if (next.taken.size() <= 2 && seen.insert(next.key()).second)
                open.emplace_back(std::move(next), way);
        }
    }
    EXPECT_GT(seen.size(), 1000u);
}

TEST(Xics, AMessageIsDeliveredOnceHoweverLateItIsEnabled) {
    Sources sources;
    Presentation p{.cppr = 0xff};
    sources.add(message, Trigger::message);
    sources.signal(message);
    EXPECT_FALSE(p.asserts(sources, 0)) << "never enabled";
    sources.find(message)->priority = 5;
    sources.find(message)->enabled = true;
    EXPECT_FALSE(p.asserts(sources, 1)) << "another server's";
    EXPECT_EQ(p.accept(sources, 0), 0xff000000u | message);
    EXPECT_EQ(p.accept(sources, 0), 0x05000000u);
    p.end(sources, 0xff000000u | message);
    EXPECT_FALSE(p.asserts(sources, 0));
}

TEST(Xics, FindsOnlySourcesThatAreThere) {
    Sources sources;
    sources.add(message, Trigger::message);
    EXPECT_NE(sources.find(message), nullptr);
    for (const std::uint32_t number : {0u, ipi_source, message - 1, message + 1, 0x1200u, ~0u})
        EXPECT_EQ(sources.find(number), nullptr) << number;
}

class XicsCalls : public PartitionTest {
  protected:
    XicsCalls() {
        Source& source = *partition.sources.find(vio::terminal_source);
        source.priority = 5;
        source.enabled = true;
        source.server = 0;
        other.state = partition::VcpuState::ceded;
    }
    std::uint64_t xirr() {
        EXPECT_EQ(status(Op::xirr), Status::success);
        return vcpu.registers.gpr[4];
    }
};

TEST_F(XicsCalls, WhatLinuxDoesForOneInterrupt) {
    EXPECT_EQ(call(Op::cppr, {0xff}).then, Then::resume);
    partition.sources.signal(vio::terminal_source);
    EXPECT_EQ(xirr(), 0xff001100u);
    EXPECT_EQ(vcpu.presentation.cppr, 5);
    EXPECT_EQ(status(Op::eoi, {0xff001100}), Status::success);
    EXPECT_EQ(vcpu.presentation.cppr, 0xff);
    EXPECT_EQ(xirr(), 0xff000000u) << "spurious";
}

TEST_F(XicsCalls, ACallAfterWhichAnInterruptWaitsYields) {
    partition.sources.signal(vio::terminal_source);
    EXPECT_EQ(call(Op::cppr, {5}).then, Then::resume);
    EXPECT_EQ(call(Op::cppr, {6}).then, Then::yield);
    EXPECT_EQ(call(Op::xirr).then, Then::resume);
    partition.sources.signal(vio::terminal_source);
    EXPECT_EQ(call(Op::eoi, {0xff001100}).then, Then::yield);
    EXPECT_EQ(call(Op::ipi, {0, 4}).then, Then::yield);
}

TEST_F(XicsCalls, EoiRefusesWhatWasNeverOurs) {
    vcpu.presentation.cppr = 5;
    EXPECT_EQ(status(Op::eoi, {0xff001101}), Status::parameter);
    EXPECT_EQ(status(Op::eoi, {0xff000000}), Status::parameter);
    EXPECT_EQ(status(Op::eoi, {0x04001100}), Status::parameter) << "more favoured than the CPPR";
    EXPECT_EQ(vcpu.presentation.cppr, 5);
    EXPECT_EQ(status(Op::eoi, {0x05000002}), Status::success);
    EXPECT_EQ(status(Op::eoi, {0xffffffff'05000002}), Status::success) << "32 bits count";
}

TEST_F(XicsCalls, AnIpiWakesACededProcessorThatTakesIt) {
    other.registers.msr = partition::msr::ee;
    other.presentation.cppr = 0xff;
    EXPECT_EQ(call(Op::ipi, {1, 0xff}).then, Then::resume);
    EXPECT_EQ(other.state, partition::VcpuState::ceded);
    EXPECT_EQ(call(Op::ipi, {1, 4}).then, Then::yield);
    EXPECT_TRUE(partition::wants_to_run(other, 0));
    EXPECT_EQ(other.state, partition::VcpuState::ready);
    EXPECT_EQ(status(Op::ipoll, {1}), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0xff000002u);
    EXPECT_EQ(vcpu.registers.gpr[5], 4u);
    EXPECT_EQ(other.presentation.cppr, 0xff) << "polling takes nothing";
}

TEST_F(XicsCalls, AnIpiLeavesAProcessorAloneThatCannotTakeIt) {
    other.presentation.cppr = 0xff;
    call(Op::ipi, {1, 4}); // conferred with interrupts off
    EXPECT_EQ(other.state, partition::VcpuState::ceded);
    other.registers.msr = partition::msr::ee;
    other.presentation.cppr = 4;
    EXPECT_EQ(call(Op::ipi, {1, 4}).then, Then::resume);
    EXPECT_EQ(other.state, partition::VcpuState::ceded);
}

TEST_F(XicsCalls, ServersAreThePartitionsProcessors) {
    EXPECT_EQ(status(Op::ipi, {2, 4}), Status::parameter);
    EXPECT_EQ(status(Op::ipoll, {2}), Status::parameter);
    EXPECT_EQ(status(Op::ipi, {~std::uint64_t{0}, 4}), Status::parameter);
}

TEST_F(XicsCalls, XirrXAddsTheTime) {
    partition.timebase_offset = 1 << 24;
    machine.advance(500);
    call(Op::cppr, {0xff});
    partition.sources.signal(vio::terminal_source);
    EXPECT_EQ(status(Op::xirr_x, {0xff}), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0xff001100u);
    EXPECT_EQ(vcpu.registers.gpr[5], 1500u + (1 << 24)); // the partition's
}

} // namespace
} // namespace transom::interrupt
