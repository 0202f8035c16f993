// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <string>
#include <string_view>
#include <transom/rtas/table.hpp>
#include <vector>

namespace transom::rtas {
namespace {

using hcall::Outcome;
using hcall::Then;
using papr::Op;
using papr::Status;
using partition::PartitionState;
using partition::spr_index;
using partition::StopReason;
using partition::VcpuState;

constexpr std::uint64_t block = 0x8000;
constexpr std::uint32_t untouched = 0xdeadbeef;

class Rtas : public PartitionTest {
  protected:
    static const Row& row(std::string_view name) {
        for (const Row& each : rows())
            if (each.name == name)
                return each;
        ADD_FAILURE() << "no RTAS call " << name;
        return rows()[0];
    }
    void write_block(std::uint64_t at, std::uint32_t token, const std::vector<std::uint32_t>& in,
                     std::uint32_t outputs) {
        poke<std::uint32_t>(at, token);
        poke(at + 4, static_cast<std::uint32_t>(in.size()));
        poke(at + 8, outputs);
        std::uint64_t cell = at + 12;
        for (const std::uint32_t value : in)
            poke(std::exchange(cell, cell + 4), value);
        for (std::uint32_t i = 0; i < outputs + 1 && cell + 4 <= memory_end; ++i)
            poke(std::exchange(cell, cell + 4), untouched);
    }
    Outcome rtas(std::string_view name, const std::vector<std::uint32_t>& in = {}) {
        const Row& r = row(name);
        inputs_ = in.size();
        write_block(block, r.token, in, r.outputs);
        const Outcome outcome = call(Op::rtas, {block});
        EXPECT_EQ(outcome.status, Status::success);
        EXPECT_EQ(out(r.outputs), untouched) << "wrote past the block";
        return outcome;
    }
    std::uint32_t out(std::size_t i) const { return peek<std::uint32_t>(block + 12 + 4 * (inputs_ + i)); }
    std::int32_t word() const { return static_cast<std::int32_t>(out(0)); }
    std::int32_t answer(std::string_view name, const std::vector<std::uint32_t>& in = {}) {
        rtas(name, in);
        return word();
    }
    void poke_text(std::uint64_t at, std::string_view text) {
        for (const char c : text)
            poke(at++, static_cast<std::uint8_t>(c));
        poke(at, std::uint8_t{0});
    }
    std::string peek_text(std::uint64_t at) const {
        std::string text;
        while (const auto c = peek<std::uint8_t>(at++))
            text += static_cast<char>(c);
        return text;
    }

    std::size_t inputs_ = 0;
};

// The argument block

TEST_F(Rtas, RefusesABlockThatIsNotWhollyInMemory) {
    const Row& r = row("event-scan"); // 4 in, 1 out: 32 bytes
    for (const std::uint64_t at : {memory_end, memory_end - 4, ~std::uint64_t{0}, ~std::uint64_t{0} - 11})
        EXPECT_EQ(status(Op::rtas, {at}), Status::parameter) << at;
    poke<std::uint32_t>(memory_end - 28, r.token);
    poke<std::uint32_t>(memory_end - 24, 4);
    poke<std::uint32_t>(memory_end - 20, 1);
    poke<std::uint32_t>(memory_end - 4, untouched);
    EXPECT_EQ(status(Op::rtas, {memory_end - 28}), Status::parameter) << "the output cell is outside";
    EXPECT_EQ(peek<std::uint32_t>(memory_end - 4), untouched);
    write_block(memory_end - 32, r.token, {0, 0, 0, 0}, 1);
    EXPECT_EQ(status(Op::rtas, {memory_end - 32}), Status::success);
    EXPECT_EQ(peek<std::uint32_t>(memory_end - 4), 1u);
}

TEST_F(Rtas, RefusesNumbersOfCellsThatNobodyNeeds) {
    for (const auto& [in, out] : {std::pair{17u, 1u}, {~0u, 1u}, {0u, 17u}, {0u, ~0u}, {0x80000000u, 0x80000000u}}) {
        poke<std::uint32_t>(block, row("event-scan").token);
        poke<std::uint32_t>(block + 4, in);
        poke<std::uint32_t>(block + 8, out);
        poke<std::uint32_t>(block + 12, untouched);
        EXPECT_EQ(status(Op::rtas, {block}), Status::parameter);
        EXPECT_EQ(peek<std::uint32_t>(block + 12), untouched);
    }
}

TEST_F(Rtas, AnswersParameterErrorToWrongNumbersOfCellsOfEveryCall) {
    for (const Row& r : rows()) {
        for (const auto& [more_in, outputs] : {std::pair{1u, 0u + r.outputs}, {0u, r.outputs + 1u}}) {
            inputs_ = r.inputs + more_in;
            write_block(block, r.token, std::vector<std::uint32_t>(inputs_, 0), outputs);
            EXPECT_EQ(status(Op::rtas, {block}), Status::success) << r.name;
            EXPECT_EQ(word(), parameter_error) << r.name;
            EXPECT_EQ(out(outputs), untouched) << r.name;
        }
    }
    EXPECT_EQ(partition.state, PartitionState::running);
    EXPECT_EQ(vcpu.state, VcpuState::ready);
}

TEST_F(Rtas, NoRoomForAStatusIsNoCall) {
    inputs_ = 2;
    write_block(block, row("power-off").token, {0, 0}, 0);
    EXPECT_EQ(status(Op::rtas, {block}), Status::success);
    EXPECT_EQ(out(0), untouched);
    EXPECT_EQ(partition.state, PartitionState::running);
}

TEST_F(Rtas, RefusesUnknownTokens) {
    for (const std::uint32_t token : {0u, rows().front().token - 1, rows().back().token + 1, ~0u}) {
        inputs_ = 0;
        write_block(block, token, {}, 1);
        EXPECT_EQ(status(Op::rtas, {block}), Status::parameter);
        EXPECT_EQ(word(), parameter_error);
    }
}

// Makes a call once per access with that access missing, and checks that nothing happened, until it goes through.
TEST_F(Rtas, NothingHappensBeforeEveryPageIsThere) {
    other.state = VcpuState::stopped;
    poke_text(0x9000, "panic");
    poke<std::uint32_t>(0xb000, 0x0001'0100); // a value of one byte, 1
    struct Case {
        const char* name;
        std::vector<std::uint32_t> in;
    };
    const Case cases[] = {{"get-time-of-day", {}},
                          {"set-time-of-day", {2024, 1, 1, 0, 0, 0, 0}},
                          {"query-cpu-stopped-state", {1}},
                          {"ibm,set-xive", {0x1100, 0, 5}},
                          {"ibm,get-xive", {0x1100}},
                          {"ibm,int-on", {0x1100}},
                          {"display-character", {'x'}},
                          {"event-scan", {0, 0, 0, 0}},
                          {"ibm,get-system-parameter", {55, 0xa000, 100}},
                          {"ibm,set-system-parameter", {0xf102, 0xb000}},
                          {"ibm,os-term", {0x9000}},
                          {"start-cpu", {1, 0x4000, 7}},
                          {"stop-self", {}},
                          {"system-reboot", {}},
                          {"power-off", {0, 0}}};
    EXPECT_EQ(std::size(cases) + 1, rows().size()) << "ibm,int-off is ibm,int-on";
    for (const Case& c : cases) {
        const Row& r = row(c.name);
        std::uint32_t nth = 1;
        for (;; ++nth) {
            ASSERT_LT(nth, 300u) << c.name;
            write_block(block, r.token, c.in, r.outputs);
            const auto clock = partition.clock.base;
            const auto source = *partition.sources.find(0x1100);
            const auto characters = partition.terminals[0].output.count;
            const auto lines = machine.log_.size();
            const auto states = std::pair{vcpu.state, other.state};
            const PartitionState state = partition.state;
            partition.memory.inject_missing(nth);
            const Outcome outcome = call(Op::rtas, {block});
            if (outcome.then != Then::missing)
                break;
            EXPECT_EQ(peek<std::uint32_t>(block + 12 + 4 * r.inputs), untouched) << c.name;
            EXPECT_EQ(partition.clock.base, clock) << c.name;
            EXPECT_EQ(partition.sources.find(0x1100)->priority, source.priority) << c.name;
            EXPECT_EQ(partition.sources.find(0x1100)->enabled, source.enabled) << c.name;
            EXPECT_EQ(partition.terminals[0].output.count, characters) << c.name;
            EXPECT_EQ(machine.log_.size(), lines) << c.name;
            EXPECT_EQ((std::pair{vcpu.state, other.state}), states) << c.name;
            EXPECT_EQ(partition.state, state) << c.name;
        }
        partition.memory.inject_missing(0);
        EXPECT_GE(nth, 3u) << c.name;
        inputs_ = c.in.size();
        EXPECT_GE(word(), 0) << c.name;
    }
    EXPECT_EQ(partition.state, PartitionState::off);
}

// The calls

TEST_F(Rtas, TimeOfDayIsThePartitionsAndGoesOn) {
    EXPECT_EQ(answer("set-time-of-day", {2026, 11, 22, 23, 59, 59, 500'000'000}), success);
    // As if it had moved: its time base goes on, whatever the machine's is.
    machine.advance(512'000'000);
    partition.timebase_offset = 512'000'000;
    EXPECT_EQ(answer("get-time-of-day"), success);
    const std::uint32_t expected[] = {2026, 11, 23, 0, 0, 1, 500'000'000};
    for (std::size_t i = 0; i < std::size(expected); ++i)
        EXPECT_EQ(out(1 + i), expected[i]) << i;
    EXPECT_EQ(answer("set-time-of-day", {2026, 2, 29, 0, 0, 0, 0}), parameter_error);
    EXPECT_EQ(answer("set-time-of-day", {1969, 1, 1, 0, 0, 0, 0}), parameter_error);
    rtas("get-time-of-day");
    EXPECT_EQ(out(1), 2026u);
}

TEST_F(Rtas, PowerOffStopsThePartition) {
    EXPECT_EQ(rtas("power-off", {~0u, ~0u}).then, Then::yield);
    EXPECT_EQ(partition.state, PartitionState::off);
    EXPECT_EQ(partition.stop_reason, StopReason::power_off);
}

TEST_F(Rtas, RebootStopsThePartitionAndSaysSo) {
    EXPECT_EQ(rtas("system-reboot").then, Then::yield);
    EXPECT_EQ(partition.state, PartitionState::off);
    EXPECT_EQ(partition.stop_reason, StopReason::reboot);
}

TEST_F(Rtas, OnlyTheFirstReasonToEndCounts) {
    rtas("power-off", {~0u, ~0u});
    rtas("system-reboot"); // by another processor that was not out yet
    EXPECT_EQ(partition.stop_reason, StopReason::power_off);
    rtas("stop-self");
    EXPECT_EQ(partition.stop_reason, StopReason::power_off);
}

TEST_F(Rtas, StartsAStoppedProcessor) {
    other.interrupt_mode.little_endian = true;
    EXPECT_EQ(answer("query-cpu-stopped-state", {1}), success);
    EXPECT_EQ(out(1), 0u);
    EXPECT_EQ(rtas("start-cpu", {1, 0xcee4, 0x77}).then, Then::yield);
    EXPECT_EQ(word(), success);
    EXPECT_EQ(other.state, VcpuState::ready);
    EXPECT_EQ(other.registers.nip, 0xcee4u);
    EXPECT_EQ(other.registers.gpr[3], 0x77u);
    EXPECT_EQ(other.registers.msr, partition::msr::sf | partition::msr::me);
    EXPECT_TRUE(other.interrupt_mode.little_endian) << "the partition's mode stays";
    rtas("query-cpu-stopped-state", {1});
    EXPECT_EQ(out(1), 2u);
    EXPECT_EQ(answer("start-cpu", {1, 0, 0}), hardware_error) << "it runs";
    EXPECT_EQ(other.registers.nip, 0xcee4u);
    EXPECT_EQ(answer("start-cpu", {2, 0, 0}), parameter_error);
    EXPECT_EQ(answer("query-cpu-stopped-state", {2}), parameter_error);
}

TEST_F(Rtas, AStartedProcessorsCountersGoOnAndItsMonitorIsFrozen) {
    const auto spr = [this](std::size_t index) -> std::uint64_t& { return other.registers.spr[index]; };
    for (const std::size_t counter : {spr_index("PURR"), spr_index("SPURR"), spr_index("VTB"), spr_index("IC")})
        spr(counter) = 0x1234'0000 + counter;
    spr(spr_index("MMCR0")) = 0;
    spr(spr_index("SPRG3")) = 7;
    rtas("start-cpu", {1, 0x4000, 0});
    for (const std::size_t counter : {spr_index("PURR"), spr_index("SPURR"), spr_index("VTB"), spr_index("IC")})
        EXPECT_EQ(spr(counter), 0x1234'0000 + counter) << partition::spr_list[counter].name;
    EXPECT_EQ(spr(spr_index("MMCR0")), 0x80000000u) << "FC";
    EXPECT_EQ(spr(spr_index("SPRG3")), 0u);
}

TEST_F(Rtas, StopSelfEndsThePartitionOnlyWithItsLastProcessor) {
    rtas("start-cpu", {1, 0x4000, 0});
    EXPECT_EQ(rtas("stop-self").then, Then::yield);
    EXPECT_EQ(vcpu.state, VcpuState::stopped);
    EXPECT_EQ(partition.state, PartitionState::running);
    other.state = VcpuState::stopped;
    vcpu.state = VcpuState::ready;
    rtas("stop-self");
    EXPECT_EQ(partition.state, PartitionState::off);
    EXPECT_EQ(partition.stop_reason, StopReason::last_stopped);
}

TEST_F(Rtas, InterruptSourcesAreSetUpAsLinuxDoes) {
    const interrupt::Source& source = *partition.sources.find(0x1100);
    vcpu.presentation.cppr = 0xff;
    partition.sources.signal(0x1100);
    EXPECT_EQ(answer("ibm,set-xive", {0x1100, 0, 5}), success);
    EXPECT_FALSE(vcpu.presentation.asserts(partition.sources, 0)) << "not on yet";
    EXPECT_EQ(rtas("ibm,int-on", {0x1100}).then, Then::yield);
    EXPECT_TRUE(vcpu.presentation.asserts(partition.sources, 0)) << "the event from before was kept";
    EXPECT_EQ(answer("ibm,int-off", {0x1100}), success);
    EXPECT_FALSE(vcpu.presentation.asserts(partition.sources, 0));
    EXPECT_EQ(answer("ibm,set-xive", {0x1100, 1, 6}), success);
    EXPECT_EQ(answer("ibm,get-xive", {0x1100}), success);
    EXPECT_EQ(out(1), 1u);
    EXPECT_EQ(out(2), 6u) << "as set, though it is off";
    EXPECT_EQ(answer("ibm,int-on", {0x1100}), success);
    EXPECT_EQ(source.server, 1u);
    EXPECT_TRUE(source.wants_delivery());
    EXPECT_EQ(answer("ibm,set-xive", {0x1100, 0, 0xff}), success);
    EXPECT_FALSE(source.wants_delivery());
}

TEST_F(Rtas, InterruptCallsRefuseWhatThePartitionDoesNotHave) {
    for (const std::uint32_t number : {0u, 2u, 0x10ffu, 0x1101u, ~0u}) {
        EXPECT_EQ(answer("ibm,set-xive", {number, 0, 5}), parameter_error);
        EXPECT_EQ(answer("ibm,get-xive", {number}), parameter_error);
        EXPECT_EQ(answer("ibm,int-on", {number}), parameter_error);
        EXPECT_EQ(answer("ibm,int-off", {number}), parameter_error);
    }
    EXPECT_EQ(answer("ibm,set-xive", {0x1100, 2, 5}), parameter_error);
    EXPECT_EQ(answer("ibm,set-xive", {0x1100, 0, 0x100}), parameter_error);
    EXPECT_EQ(partition.sources.find(0x1100)->priority, interrupt::least_favoured);
}

TEST_F(Rtas, DisplayCharacterGoesToTheTerminal) {
    EXPECT_EQ(answer("display-character", {'!'}), success);
    EXPECT_EQ(partition.terminals[0].output.count, 1u);
    EXPECT_EQ(partition.terminals[0].output.bytes[0], '!');
    const std::array<std::uint8_t, 1> x{'x'};
    while (partition.terminals[0].output.space() > 0)
        partition.terminals[0].output.push(x);
    EXPECT_EQ(rtas("display-character", {'?'}).then, Then::yield);
    EXPECT_EQ(word(), busy);
}

TEST_F(Rtas, SystemParametersAreTextWithTheirLength) {
    constexpr std::uint64_t buffer = 0xa000;
    std::ranges::copy(std::string_view("demo"), partition.name_storage.begin());
    EXPECT_EQ(answer("ibm,get-system-parameter", {55, buffer, 4000}), success);
    EXPECT_EQ(peek<std::uint16_t>(buffer), 5u);
    EXPECT_EQ(peek_text(buffer + 2), "demo");
    EXPECT_EQ(answer("ibm,get-system-parameter", {20, buffer, 4000}), success);
    EXPECT_EQ(peek_text(buffer + 2), "MaxEntCap=100,DesMem=32,DesProcs=2,MaxPlatProcs=1");
    EXPECT_EQ(peek<std::uint16_t>(buffer), peek_text(buffer + 2).size() + 1);

    // Blocks of 2^3 pages; 4 KiB, 64 KiB in 4 KiB segments, 64 KiB.
    poke<std::uint64_t>(buffer, 0);
    EXPECT_EQ(answer("ibm,get-system-parameter", {50, buffer, 4000}), success);
    EXPECT_EQ(peek<std::uint64_t>(buffer), 0x0005'0303'0087'8100u);

    poke<std::uint64_t>(buffer, 0);
    EXPECT_EQ(answer("ibm,get-system-parameter", {55, buffer, 4}), success) << "cut";
    EXPECT_EQ(peek<std::uint64_t>(buffer), 0x0005'6465'0000'0000u);
    EXPECT_EQ(answer("ibm,get-system-parameter", {55, 0, 0}), success);
    EXPECT_EQ(answer("ibm,get-system-parameter", {44, buffer, 4000}), parameter_error) << "not supported";
    EXPECT_EQ(answer("ibm,get-system-parameter", {55, 0xfffffff0, 4000}), parameter_error);
}

TEST_F(Rtas, OsTermKeepsTheLastWords) {
    poke_text(0x9000, "OS panic: \x1b[31mdeadlock");
    EXPECT_EQ(rtas("ibm,os-term", {0x9000}).then, Then::resume);
    EXPECT_EQ(word(), success);
    poke_text(0x9000, "again, before anybody has listened");
    EXPECT_EQ(answer("ibm,os-term", {0x9000}), success);
    std::string heard;
    const auto hear = [&](std::string_view words) { heard += words; };
    partition.last_words.take(hear);
    EXPECT_EQ(heard, "OS panic:  [31mdeadlock");
    partition.last_words.take(hear);
    EXPECT_EQ(heard.size(), 23u) << "they are heard once";
    EXPECT_EQ(answer("ibm,os-term", {static_cast<std::uint32_t>(memory_end)}), success);
    EXPECT_EQ(partition.state, PartitionState::running);
}

TEST_F(Rtas, EventScanFindsNothing) { EXPECT_EQ(answer("event-scan", {~0u, 0, 0x9000, 1024}), no_events); }

} // namespace
} // namespace transom::rtas
