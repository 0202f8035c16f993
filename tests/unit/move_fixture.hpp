// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory_pipe.hpp"
#include "move_ends.hpp"
#include <functional>
#include <gmock/gmock.h>
#include <numeric>
#include <random>
#include <transom/migrate/arrivals.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/source_session.hpp>
#include <transom/migrate/target_session.hpp>
#include <transom/partition/create.hpp>

namespace transom::test {

/// A source and a target, each with a partition's home, and a network in memory between them.
class Move : public testing::Test {
  protected:
    Move() { net.listener = &arrivals; }

    /// A small partition: two granules of 4 KiB that are not zero, some page table entries, registers.
    partition::Partition& small(std::uint32_t vcpus = 1) { return populate(kib(4), vcpus, {3, 4095}); }

    partition::Partition& populate(Bytes granule, std::uint32_t vcpus, const std::vector<std::uint64_t>& pages) {
        here.scrub();
        partition::Partition& p = here.build("debian", granule, vcpus);
        p.state = partition::PartitionState::running;
        p.timebase_offset = 5 * migrate::offset_step;
        for (const std::uint64_t g : pages)
            for (std::byte& b : here.granule(g))
                b = static_cast<std::byte>(random());
        for (std::uint32_t i = 0; i < vcpus; ++i)
            randomize(p.vcpus[i]);
        for (std::uint64_t slot : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{5000}, p.hpt.slot_count() - 1}) {
            // A 4 KiB page of the partition; R and C as they come.
            const std::uint64_t d1 =
                ((slot * 3 % 4096) << 12) | (random() & papr::d1::usage) | papr::d1::wimg_memory | 2;
            const std::uint64_t d0 = ((random() << 7) & 0x0000ffffffffff80) | papr::d0::valid;
            if (!p.hpt.restore({{slot}, {d0, d1}}, p.memory))
                throw std::runtime_error("restore");
        }
        p.sources.add(vio::terminal_source, interrupt::Trigger::message);
        p.sources.signal(vio::terminal_source);
        p.sources.table[0].priority = 5;
        p.sources.table[0].enabled = true;
        p.clock.set({1'800'000'000, 123456789}, random());
        p.cpu_characteristics = {random(), random()};
        const std::array<std::uint8_t, 5> typed{'l', 's', '\n', 0, 255};
        p.terminals[0].output.first = 4094; // wraps
        p.terminals[0].output.push(typed);
        p.terminals[0].input.push(std::span(typed).first(2));
        partition::set_terminals(p, 3);
        p.terminals[2].output.push(std::span(typed).first(3));
        p.terminals[2].input.push(typed);
        p.sees_pool = true;
        p.keeps_place = true;
        return p;
    }

    /// Of which a hundred granules are not zero, so that a pass takes many steps.
    partition::Partition& large(std::uint32_t vcpus = 2) {
        std::vector<std::uint64_t> pages(100);
        std::iota(pages.begin(), pages.end(), 0);
        there.scrub();
        return populate(kib(4), vcpus, pages);
    }

    void randomize(partition::Vcpu& vcpu) {
        partition::Registers& r = vcpu.registers;
        for (auto& x : r.gpr)
            x = random();
        r.nip = random();
        r.msr = 0x8000000002009033;
        for (auto* x : {&r.cr, &r.lr, &r.ctr, &r.xer, &r.fpscr, &r.vscr})
            *x = random();
        for (auto& x : r.vsr)
            x = {random(), random()};
        for (std::size_t i = 0; i < r.slb.size(); ++i)
            r.slb[i] = i % 3 == 1 ? partition::SlbEntry{} : slb_entry(i);
        for (std::size_t i = 0; i < r.spr.size(); ++i)
            if (partition::spr_list[i].is_on(facts.generation))
                r.spr[i] = random() & ~std::uint64_t{7}; // no breakpoint of the hypervisor
        vcpu.state = partition::VcpuState::joined;
        vcpu.prodded = true;
        vcpu.reset_pending = true;
        vcpu.interrupt_mode = {true, 3};
        vcpu.decrementer_expiry = random();
        vcpu.presentation = {5, 0xff};
        vcpu.areas.vpa = {{0x10000}, 0x280};
        vcpu.areas.slb_shadow = {{0x11000}, 0x200};
        vcpu.areas.dispatch_log = {{0x12000}, 48 * 20};
        vcpu.areas.dispatch_counter = 77;
        vcpu.areas.dispatch_log_index = 123456;
        const bool waited_for_page = vcpu.index % 2 != 0;
        vcpu.areas.preempt_reason =
            waited_for_page ? partition::PreemptReason::migration_fault : partition::PreemptReason::cede;
        vcpu.areas.preempt_fault = {waited_for_page ? std::uint64_t{0x370000} : 0};
        vcpu.areas.preempt_time = random();
    }

    /// Of any size and kind, in a TiB of its own.
    partition::SlbEntry slb_entry(std::size_t i) {
        constexpr std::array<std::uint64_t, 3> page_sizes{0, 0x110, 0x100};
        const std::uint64_t address = (i + 1) << 40 | (random() & 0xfff) << 28;
        const std::uint64_t segment = (random() & 1) << 62 | (random() & 0x3ffffffffffff) << 12;
        return {address | 0x8000000 | i, segment | (random() & 0xe80) | page_sizes[random() % 3]};
    }

    std::uint64_t random() { return random_(); }

    migrate::MoveOrder order(partition::Partition& p) {
        source_control.digests = &here.digests;
        source_control.session = &source;
        room.assign(migrate::SourcePages::room_for(p.memory.size(), p.granule) / sizeof(std::uint64_t), 0);
        pages.emplace(p.memory.size(), p.granule, std::as_writable_bytes(std::span(room)),
                      migrate::PageRules{.frequency = facts.timebase_frequency,
                                         .decision = {.mode = migrate::CopyMode::pre_copy}});
        return {.partition = &p,
                .target = {0x0a4d0002},
                .port = 7701,
                .pages = &*pages,
                .mode = migrate::MoveMode::pre_copy,
                .connections = connections};
    }

    /// Until nothing has moved for a while. Both clocks go on with each round.
    void settle() {
        for (int idle = 0; idle < 10; ++idle) {
            bool moved = net.pump();
            moved = source.step(1000) || moved;
            moved = target.step(1000) || moved;
            if (net.pump() || moved)
                idle = 0;
            source_control.ticks += 50;
            target_control.ticks += 50;
        }
    }
    /// Round by round until something holds, or the move is over.
    bool until(const std::function<bool()>& holds) {
        for (int round = 0; round < 2000 && !holds(); ++round) {
            net.pump();
            source.step(1000);
            target.step(1000);
            source_control.ticks += 5000;
            target_control.ticks += 5000;
        }
        return holds();
    }
    /// Lets both sides wait longer than they are willing to.
    void long_silence() {
        source_control.ticks += 60 * facts.timebase_frequency;
        target_control.ticks += 60 * facts.timebase_frequency;
        settle();
    }

    void expect_same_memory() {
        EXPECT_TRUE(
            std::memcmp(arch::real_pointer(here.memory), arch::real_pointer(there.memory), memory::block_size) == 0);
        for (std::uint64_t g = 0; g < there.digests.size(); ++g)
            ASSERT_EQ(migrate::xxh64(here.granule(g)), there.digests[g]) << g;
    }

    bool runs_here() const { return here.partition->state == partition::PartitionState::running; }
    bool runs_there() const { return target_control.started != 0; }

    std::mt19937_64 random_{42};
    arch::FakeMachine machine{mib(49)};
    Home here{arch::fake_real_base};
    Home there{arch::fake_real_base + mib(32)};
    TestSource source_control;
    TestTarget target_control{there};
    std::vector<std::byte> send_buffer = std::vector<std::byte>(migrate::max_record);
    std::vector<std::byte> receive_buffer = std::vector<std::byte>(migrate::max_record);
    migrate::SourceSession source{source_control, facts, send_buffer};
    migrate::TargetSession target{target_control, facts, receive_buffer};
    migrate::Arrivals arrivals{target};
    std::vector<std::uint64_t> room;
    std::optional<migrate::SourcePages> pages;
    unsigned connections = 1; // of the next order
    PipeNetwork net;
};

} // namespace transom::test
