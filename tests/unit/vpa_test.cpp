// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <initializer_list>
#include <papr/vpa.hpp>
#include <transom/partition/vpa.hpp>

namespace transom::partition {
namespace {

using hcall::Then;
using papr::Op;
using papr::Status;

constexpr std::uint64_t register_vpa = 0x2000'0000'0000;
constexpr std::uint64_t register_log = 0x4000'0000'0000;
constexpr std::uint64_t register_slb = 0x6000'0000'0000;
constexpr std::uint64_t forget_vpa = 0xa000'0000'0000;
constexpr std::uint64_t forget_log = 0xc000'0000'0000;
constexpr std::uint64_t forget_slb = 0xe000'0000'0000;

constexpr std::uint64_t vpa = 0x10000;
constexpr std::uint64_t slb = 0x11000;
constexpr std::uint64_t log = 0x12000;

class Vpa : public PartitionTest {
  protected:
    Vpa() {
        poke<std::uint16_t>(vpa + 4, 1024);
        poke<std::uint32_t>(slb + 4, 512);
        poke<std::uint32_t>(log + 4, 3 * 48 + 10);
    }
    Status request(std::uint64_t flags, std::uint64_t address, std::uint64_t processor = 0) {
        return status(Op::register_vpa, {flags, processor, address});
    }
    std::uint32_t counter() const { return peek<std::uint32_t>(vpa + 0x100); }
};

TEST_F(Vpa, RegistrationSaysSharedAndRunning) {
    poke<std::uint8_t>(vpa + 9, 0x40);
    EXPECT_EQ(request(register_vpa, vpa), Status::success);
    EXPECT_EQ(vcpu.areas.vpa, (LogicalRange{{vpa}, 1024}));
    EXPECT_EQ(peek<std::uint8_t>(vpa + 9), 0x42);
    EXPECT_EQ(counter() % 2, 0u) << "the caller runs";
    poke<std::uint16_t>(vpa + 0x1004, 640);
    EXPECT_EQ(request(register_vpa, vpa + 0x1000, 1), Status::success);
    EXPECT_EQ(peek<std::uint32_t>(vpa + 0x1100) % 2, 1u) << "the other does not";
}

TEST_F(Vpa, RegistrationSaysWhatProcessorsAreNotShared) {
    partition.share.claim.processors = Processors::dedicated;
    poke<std::uint8_t>(vpa + 9, 0x42);
    EXPECT_EQ(request(register_vpa, vpa), Status::success);
    EXPECT_EQ(peek<std::uint8_t>(vpa + 9), 0x40);
}

TEST_F(Vpa, SaysWhetherOthersMayUseADedicatedProcessorAndHearsWhatTheyUsed) {
    EXPECT_FALSE(donates(vcpu)) << "no VPA";
    request(register_vpa, vpa);
    poke<std::uint8_t>(vpa + 0xb9, 0xfe);
    EXPECT_FALSE(donates(vcpu));
    poke<std::uint8_t>(vpa + 0xb9, 0x01);
    EXPECT_TRUE(donates(vcpu));
    const auto run = [&](std::uint64_t lent) {
        ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 100));
        ASSERT_TRUE(dispatched(vcpu, {.ready = 200, .queued = 200, .now = 200, .lent = lent}));
    };
    poke<std::uint8_t>(vpa + 0xfe, 1);
    run(40);
    run(2);
    poke<std::uint8_t>(vpa + 0xfe, 0);
    run(5);
    for (const unsigned purr_or_spurr : {0, 8}) {
        EXPECT_EQ(peek<std::uint64_t>(vpa + 0x138 + purr_or_spurr), 42u) << "while idle";
        EXPECT_EQ(peek<std::uint64_t>(vpa + 0x148 + purr_or_spurr), 5u) << "while it waited otherwise";
    }
}

TEST_F(Vpa, RegistrationChecksPlaceAndSize) {
    EXPECT_EQ(request(register_vpa, vpa + 64), Status::parameter) << "not on a cache line";
    EXPECT_EQ(request(register_vpa, memory_end), Status::parameter);
    EXPECT_EQ(request(register_vpa, ~std::uint64_t{127}), Status::parameter);
    poke<std::uint16_t>(vpa + 4, 639);
    EXPECT_EQ(request(register_vpa, vpa), Status::parameter);
    poke<std::uint16_t>(vpa + 0xd80 + 4, 640);
    EXPECT_EQ(request(register_vpa, vpa + 0xd80), Status::success) << "ends where the page does";
    poke<std::uint16_t>(vpa + 0xe00 + 4, 640);
    EXPECT_EQ(request(register_vpa, vpa + 0xe00), Status::parameter) << "crosses a page";
    poke<std::uint16_t>(memory_end - 0x280 + 4, 0x281);
    EXPECT_EQ(request(register_vpa, memory_end - 0x280), Status::parameter) << "ends outside";
    EXPECT_EQ(vcpu.areas.vpa, (LogicalRange{{vpa + 0xd80}, 640}));
}

TEST_F(Vpa, RegistrationZeroesWhatOnlyTheHypervisorWrites) {
    for (std::uint64_t at = 8; at < 640; ++at)
        if (at != 9)
            poke<std::uint8_t>(vpa + at, 0xa5);
    EXPECT_EQ(request(register_vpa, vpa), Status::success);
    for (std::uint64_t at = 0x10; at < 640; ++at) {
        if (at >= 0x100 && at < 0x104)
            continue; // the dispatch counter
        const bool ours = (at >= 0x58 && at < 0x60) || (at >= 0x104 && at < 0x170) || (at >= 0x218 && at < 0x220);
        EXPECT_EQ(peek<std::uint8_t>(vpa + at), ours ? 0 : 0xa5) << at;
    }
}

TEST_F(Vpa, ANewVpaKeepsTheIndexOfTheLog) {
    request(register_vpa, vpa);
    request(register_log, log);
    vcpu.areas.dispatch_log_index = 17;
    poke<std::uint16_t>(vpa + 0x1004, 640);
    EXPECT_EQ(request(register_vpa, vpa + 0x1000), Status::success);
    EXPECT_EQ(peek<std::uint64_t>(vpa + 0x1218), 17u);
}

TEST_F(Vpa, RegistrationChecksProcessorAndFunction) {
    EXPECT_EQ(request(register_vpa, vpa, 2), Status::parameter);
    for (const std::uint64_t flags : {0x0ull, 0x8000'0000'0000ull, 0x2000'0000'0001ull, 0x3000'0000'0000ull})
        EXPECT_EQ(request(flags, vpa), Status::parameter) << flags;
    EXPECT_TRUE(vcpu.areas.vpa.empty());
}

TEST_F(Vpa, TheOtherAreasNeedAVpaAndOutliveItNot) {
    EXPECT_EQ(request(register_slb, slb), Status::resource);
    EXPECT_EQ(request(register_log, log), Status::resource);
    EXPECT_EQ(request(register_vpa, vpa), Status::success);
    EXPECT_EQ(request(register_slb, slb), Status::success);
    EXPECT_EQ(request(register_log, log), Status::success);
    EXPECT_EQ(request(forget_vpa, 0), Status::resource);
    EXPECT_EQ(request(forget_log, 0), Status::success);
    EXPECT_EQ(request(forget_vpa, 0), Status::resource);
    EXPECT_EQ(request(forget_slb, 0), Status::success);
    EXPECT_EQ(request(forget_vpa, 0), Status::success);
    EXPECT_EQ(request(forget_vpa, 0), Status::success) << "nothing registered is fine";
    EXPECT_TRUE(vcpu.areas.vpa.empty());
}

TEST_F(Vpa, TheOtherAreasHaveTheirOwnSizes) {
    request(register_vpa, vpa);
    poke<std::uint32_t>(slb + 4, 7);
    EXPECT_EQ(request(register_slb, slb), Status::parameter);
    poke<std::uint32_t>(slb + 4, 0x1001);
    EXPECT_EQ(request(register_slb, slb), Status::parameter) << "crosses a page";
    poke<std::uint32_t>(log + 4, 47);
    EXPECT_EQ(request(register_log, log), Status::parameter);
    poke<std::uint32_t>(log + 4, 0x80000000);
    EXPECT_EQ(request(register_log, log), Status::parameter);
    poke<std::uint32_t>(log + 4, 0x3000);
    EXPECT_EQ(request(register_log, log), Status::success) << "may cross pages";
}

TEST_F(Vpa, RegistrationHasNoEffectBeforeEveryPageIsThere) {
    for (const auto& [flags, address] : {std::pair{register_vpa, vpa}, {register_slb, slb}, {register_log, log}}) {
        for (std::uint32_t nth = 1;; ++nth) {
            ASSERT_LT(nth, 10u);
            const PerProcessorAreas before = vcpu.areas;
            partition.memory.inject_missing(nth);
            if (call(Op::register_vpa, {flags, 0, address}).then != Then::missing)
                break;
            EXPECT_EQ(vcpu.areas.vpa, before.vpa);
            EXPECT_EQ(vcpu.areas.slb_shadow, before.slb_shadow);
            EXPECT_EQ(vcpu.areas.dispatch_log, before.dispatch_log);
            EXPECT_EQ(vcpu.areas.dispatch_counter, before.dispatch_counter);
        }
        partition.memory.inject_missing(0);
    }
    EXPECT_FALSE(vcpu.areas.dispatch_log.empty());
}

TEST_F(Vpa, CounterIsEvenWhileItRunsAndNeverStepsBack) {
    request(register_vpa, vpa);
    std::uint32_t last = counter();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 100));
        EXPECT_EQ(counter() % 2, 1u);
        EXPECT_GT(counter(), last);
        last = counter();
        ASSERT_TRUE(dispatched(vcpu, {.ready = 150, .queued = 160, .now = 200}));
        EXPECT_EQ(counter() % 2, 0u);
        EXPECT_GT(counter(), last);
        last = counter();
    }
    poke<std::uint32_t>(vpa + 0x100, 77); // the partition's scribbling is not believed
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 300));
    EXPECT_EQ(counter(), last + 1);
}

TEST_F(Vpa, CountsWithoutAVpa) {
    ASSERT_TRUE(dispatched(vcpu, {}));
    EXPECT_EQ(vcpu.areas.dispatch_counter % 2, 0u);
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 0));
    EXPECT_EQ(vcpu.areas.dispatch_counter % 2, 1u);
}

TEST_F(Vpa, CountsOnceWhenAPageWasMissing) {
    request(register_vpa, vpa);
    const std::uint32_t before = vcpu.areas.dispatch_counter;
    partition.memory.inject_missing(1);
    EXPECT_EQ(preempted(vcpu, PreemptReason::cede, 1).error(), memory::AccessError::missing);
    EXPECT_EQ(vcpu.areas.dispatch_counter, before);
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 1));
    EXPECT_EQ(vcpu.areas.dispatch_counter, before + 1);
}

TEST_F(Vpa, LogHasAnEntryForEachTracedStop) {
    request(register_vpa, vpa);
    poke<std::uint64_t>(vpa + 0x218, 55);
    request(register_log, log);
    EXPECT_EQ(peek<std::uint64_t>(vpa + 0x218), 0u);
    vcpu.registers.nip = 0xabc0;
    vcpu.registers.msr = 0x1234;

    constexpr std::uint64_t page = 0x370000;
    const auto stop = [this](PreemptReason reason, std::uint64_t at, std::uint64_t until) {
        ASSERT_TRUE(preempted(vcpu, reason, at, {page}));
        ASSERT_TRUE(dispatched(vcpu, {.ready = at, .queued = at, .now = until}));
    };
    stop(PreemptReason::cede, 1000, 1500); // not traced yet
    EXPECT_EQ(peek<std::uint64_t>(vpa + 0x218), 0u);
    poke<std::uint8_t>(vpa + 0xb8, papr::vpa::trace_waits);
    stop(PreemptReason::end_of_slice, 2000, 2500); // not traced
    stop(PreemptReason::cede, 3000, 3600);
    EXPECT_EQ(peek<std::uint64_t>(vpa + 0x218), 1u);
    EXPECT_EQ(peek<std::uint8_t>(log), 7);
    EXPECT_EQ(peek<std::uint8_t>(log + 1), 2);
    EXPECT_EQ(peek<std::uint32_t>(log + 4), 600u);
    EXPECT_EQ(peek<std::uint64_t>(log + 0x10), 3600u);
    EXPECT_EQ(peek<std::uint64_t>(log + 0x18), 0u) << "it did not wait for a page";
    EXPECT_EQ(peek<std::uint64_t>(log + 0x20), 0xabc0u);
    EXPECT_EQ(peek<std::uint64_t>(log + 0x28), 0x1234u);

    poke<std::uint8_t>(vpa + 0xb8, 0x7);
    stop(PreemptReason::confer, 4000, 4001);
    stop(PreemptReason::end_of_slice, 5000, 5001);
    EXPECT_EQ(peek<std::uint8_t>(log + 2 * 48 + 1), 4);
    stop(PreemptReason::migration_fault, 6000, 6001); // wraps: three entries fit
    EXPECT_EQ(peek<std::uint64_t>(vpa + 0x218), 4u);
    EXPECT_EQ(peek<std::uint8_t>(log + 1), 5);
    EXPECT_EQ(peek<std::uint64_t>(log + 0x18), page);
    EXPECT_EQ(peek<std::uint64_t>(log + 3 * 48), 0u);
    stop(PreemptReason::end_of_slice, 7000, 7001);
    EXPECT_EQ(peek<std::uint64_t>(log + 48 + 0x18), 0u) << "no page of an earlier stop";
}

TEST_F(Vpa, LogGetsOneEntryHoweverOftenAPageIsMissing) {
    request(register_vpa, vpa);
    request(register_log, log);
    poke<std::uint8_t>(vpa + 0xb8, 0x7);
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 1));
    const std::uint32_t before = vcpu.areas.dispatch_counter;
    std::uint32_t nth = 1;
    for (;; ++nth) {
        ASSERT_LT(nth, 10u);
        partition.memory.inject_missing(nth);
        if (dispatched(vcpu, {.ready = 1, .queued = 1, .now = 2}))
            break;
    }
    EXPECT_GE(nth, 4u);
    EXPECT_EQ(vcpu.areas.dispatch_log_index, 1u);
    EXPECT_EQ(vcpu.areas.dispatch_counter, before + 1);
}

TEST_F(Vpa, SumsTellWhereTheTimeBetweenTwoRunsWent) {
    request(register_vpa, vpa);
    const auto sums = [this] {
        return std::array{peek<std::uint64_t>(vpa + 0x168), peek<std::uint64_t>(vpa + 0x160),
                          peek<std::uint64_t>(vpa + 0x158)};
    };
    ASSERT_TRUE(dispatched(vcpu, {.ready = 10, .queued = 20, .now = 30}));
    EXPECT_EQ(sums(), (std::array<std::uint64_t, 3>{0, 0, 0})) << "it has not stopped before";
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 1000));
    ASSERT_TRUE(dispatched(vcpu, {.ready = 1100, .queued = 1120, .now = 1150}));
    EXPECT_EQ(sums(), (std::array<std::uint64_t, 3>{100, 20, 30}));
    ASSERT_TRUE(preempted(vcpu, PreemptReason::end_of_slice, 2000));
    ASSERT_TRUE(dispatched(vcpu, {.ready = 2001, .queued = 2005, .now = 2100}));
    EXPECT_EQ(sums(), (std::array<std::uint64_t, 3>{100, 24, 126})) << "who is interrupted wants to run all the time";
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 3000));
    ASSERT_TRUE(dispatched(vcpu, {.ready = 2900, .queued = 2900, .now = 3010}));
    EXPECT_EQ(sums(), (std::array<std::uint64_t, 3>{100, 24, 136})) << "no wait is negative";
}

TEST_F(Vpa, TheLogTellsTheSameAndWhere) {
    request(register_vpa, vpa);
    request(register_log, log);
    poke<std::uint8_t>(vpa + 0xb8, 0x7);
    ASSERT_TRUE(preempted(vcpu, PreemptReason::cede, 1000));
    ASSERT_TRUE(dispatched(vcpu, {.ready = 1100, .queued = 1120, .now = 1150, .processor = 3}));
    EXPECT_EQ(peek<std::uint16_t>(log + 2), 3);
    EXPECT_EQ(peek<std::uint32_t>(log + 4), 30u);
    EXPECT_EQ(peek<std::uint32_t>(log + 8), 20u);
    EXPECT_EQ(peek<std::uint32_t>(log + 12), 100u);
}

TEST_F(Vpa, DispersionCountsDispatchesElsewhere) {
    request(register_vpa, vpa);
    for (const std::uint16_t processor : std::initializer_list<std::uint16_t>{3, 3, 0, 3, 3}) {
        ASSERT_TRUE(preempted(vcpu, PreemptReason::end_of_slice, 0));
        ASSERT_TRUE(dispatched(vcpu, {.processor = processor}));
    }
    EXPECT_EQ(peek<std::uint32_t>(vpa + 0x104), 2u);
}

} // namespace
} // namespace transom::partition
