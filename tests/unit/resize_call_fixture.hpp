// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mover_fixture.hpp"

#include <transom/hcall/dispatch.hpp>
#include <transom/hpt/hash.hpp>

namespace transom::migrate {

using papr::Op;
using papr::Status;

constexpr Bytes table_18 = hpt::size_with_words(18), table_19 = hpt::size_with_words(19);

/// A partition of 16 MiB, for which a table of 2^18 bytes is recommended, and whose two processors come and go as they are told.
class ResizeCalls : public MoverTest {
  protected:
    ResizeCalls() {
        start();
        free = a.frames.available();
    }

    void start() {
        const auto built =
            test::create_empty(a.roster, {.name = "p", .memory = mib(16), .virtual_processors = 2, .granule = kib(64)});
        EXPECT_TRUE(built);
        p = *built;
        a.roster.start(*p);
        for (unsigned i = 0; i < 2; ++i) {
            p->vcpus[i].state = partition::VcpuState::ready;
            come(i);
        }
    }

    void come(unsigned processor) { tables[processor] = p->dual->enter(processor, processor).table; }
    void go(unsigned processor) { p->dual->leave(processor); }
    void pass(unsigned processor) {
        go(processor);
        come(processor);
    }
    /// Through the dispatch of calls; nothing where it is to be made again.
    std::optional<Status> call(Op op, std::vector<std::uint64_t> arguments, unsigned processor = 0) {
        partition::Vcpu& vcpu = p->vcpus[processor];
        auto& gpr = vcpu.registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::ranges::copy(arguments, gpr.begin() + 4);
        vcpu.registers.nip = 0x1004;
        if (hcall::dispatch(vcpu).then != hcall::Then::missing) {
            EXPECT_EQ(vcpu.registers.nip, 0x1004u);
            return static_cast<Status>(gpr[3]);
        }
        EXPECT_EQ(vcpu.registers.nip, 0x1000u);
        EXPECT_EQ(gpr[3], static_cast<std::uint64_t>(op));
        EXPECT_TRUE(partition::wants_to_run(vcpu, 0)); // nothing is missing
        return {};
    }
    std::optional<Status> prepare(std::uint64_t log2_bytes) { return call(Op::resize_hpt_prepare, {0, log2_bytes}); }
    std::optional<Status> commit(std::uint64_t log2_bytes, unsigned processor = 0) {
        return call(Op::resize_hpt_commit, {0, log2_bytes}, processor);
    }
    /// The attendant works, and who is kicked comes out and goes in again.
    void work(int turns = 200) {
        for (; turns != 0; --turns) {
            a.attendant.run();
            pass(0);
            pass(1);
        }
        while (a.frames.scrub_one()) {}
    }
    void prepared(std::uint64_t log2_bytes) {
        ASSERT_EQ(prepare(log2_bytes), Status::long_busy_10_ms);
        work();
        ASSERT_EQ(prepare(log2_bytes), Status::success);
    }
    void committed(std::uint64_t log2_bytes) {
        std::optional<Status> status;
        for (int i = 0; i < 5 && !status; ++i) {
            status = commit(log2_bytes);
            pass(0);
            pass(1);
        }
        ASSERT_EQ(status, Status::success);
    }
    bool hold() { return p->dual->resize().hold(*p, twin_facts.timebase_frequency, dual::Holder::migration); }
    /// No call is under way any more, and the processors are to go over.
    void begin_to_switch(std::uint64_t log2_bytes) {
        prepared(log2_bytes);
        ASSERT_FALSE(commit(log2_bytes));
        pass(0);
        pass(1);
        ASSERT_FALSE(commit(log2_bytes));
        ASSERT_EQ(p->dual->resize().step(), dual::ResizeStep::switching);
    }
    void resized(std::uint64_t log2_bytes) {
        prepared(log2_bytes);
        committed(log2_bytes);
        work();
        ASSERT_EQ(p->dual->resize().step(), dual::ResizeStep::idle);
    }
    /// What H_ENTER is told for a bolted page of 64 KiB.
    std::vector<std::uint64_t> bolted(std::uint64_t number) {
        const hpt::SegmentOffset place{papr::SegmentSize::mib_256, 5, number << 16};
        const papr::PageSize size = papr::PageSize::kib_64;
        const auto group = hpt::group_of(hpt::primary_hash(place, size), p->hpt.log2_bytes());
        const std::uint64_t d0 =
            hpt::virtual_page_field(place, size) | papr::d0::valid | papr::d0::large | papr::d0::bolted;
        return {0, papr::ptex(group, 0).value, d0, (number % 256) << 16 | 0x1000 | 0x12};
    }
    /// Its slot.
    std::uint64_t enter(std::uint64_t number, unsigned processor = 0) {
        EXPECT_EQ(call(Op::enter, bolted(number), processor), Status::success);
        return p->vcpus[processor].registers.gpr[4];
    }
    /// As a call does that has begun when calls still went there.
    std::uint64_t enter_late(std::uint64_t number) {
        hpt::Gprs gprs{};
        std::ranges::copy(bolted(number), gprs.begin() + 4);
        auto& table = p->dual->resize().table();
        auto pending = table.begin_enter(*hpt::EnterArgs::parse(gprs), p->memory);
        EXPECT_TRUE(pending.has_value());
        const hpt::Flushed flushed = p->dual->discharge(pending->obligation());
        return table.finish_enter(std::move(*pending), flushed).value;
    }
    std::uint64_t read_d0(std::uint64_t slot) {
        EXPECT_EQ(call(Op::read, {0, slot}), Status::success);
        return p->vcpus[0].registers.gpr[4];
    }

    partition::Partition* p = nullptr;
    Bytes free = 0;
    dual::Which tables[2] = {};
};

} // namespace transom::migrate
