// SPDX-License-Identifier: Apache-2.0
#include "disturber.hpp"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>
#include <transom/partition/deliver.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/terminals.hpp>

namespace transom::stress {

using partition::Partition;
using partition::PartitionState;
using partition::Vcpu;
using partition::VcpuState;

void Disturber::build(std::size_t index) {
    Place& place = homes_[index];
    place.home.partition = std::make_unique<Partition>();
    Partition& partition = *place.home.partition;
    partition.lpid = static_cast<std::uint32_t>(index + 1);
    EXPECT_TRUE(partition.memory.add_block(arch::fake_real_base + index * memory::block_size));
    partition.vcpu_count = vcpus;
    partition.allowed_calls.allow(
        papr::FunctionSets::all().without(papr::FunctionSet::random).without(papr::FunctionSet::vphn));
    // One of them is capped: it sleeps though it wants to run. Another has processors of its own.
    partition.share.claim = {
        .entitled = 20, .weight = static_cast<std::uint8_t>(1 + random_.below(255)), .capped = index == 2};
    if (index == 1)
        partition.share.claim = {.entitled = 100 * vcpus,
                                 .weight = 0,
                                 .capped = true,
                                 .processors = random_.below(2) == 0 ? partition::Processors::dedicated
                                                                     : partition::Processors::donating};
    partition.sources.add(vio::terminal_source, interrupt::Trigger::message);
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        partition.vcpus[i].partition = &partition;
        partition.vcpus[i].index = i;
        place.home.guests[i].begin(seed_ + tally_.built, index * vcpus + i);
    }
    Vcpu& first = partition.vcpus[0];
    first.registers.nip = Guest::entry;
    first.registers.msr = partition::msr::sf | partition::msr::me;
    first.state = VcpuState::ready;
    partition.state = PartitionState::running;
    dispatcher_.add(partition);
    place.phase = Phase::running;
    ++tally_.built;
}

/// Whether all that are started have joined, because the last one that was active stopped itself: nothing will ever happen.
bool Disturber::is_stuck(Partition& partition) {
    const Locked events(partition.events);
    return std::ranges::all_of(std::span(partition.vcpus).first(vcpus), [](const Vcpu& each) {
        return each.state == VcpuState::stopped || each.state == VcpuState::joined;
    });
}

/// As the management port does, while it runs.
void Disturber::look_at(Place& place) {
    Partition& partition = *place.home.partition;
    if (is_stuck(partition)) {
        const Locked devices(partition.devices);
        return partition.end(partition::StopReason::power_off);
    }
    switch (random_.below(6)) {
    case 0:
        partition.observation.start();
        break;
    case 1:
        partition.observation.stop();
        break;
    case 2:
        if (const std::uint64_t recorded = partition.observation.recorded(); recorded != 0)
            if (const auto entry = partition.observation.entry(recorded - 1)) {
                EXPECT_LT(entry->vcpu, vcpus);
            }
        break;
    case 3: {
        std::array<std::uint8_t, 64> written{};
        partition::take_written(partition, 0, written);
        break;
    }
    case 4:
        (void)partition.calls();
        (void)partition.observation.latency(0);
        break;
    default:
        if (partition::room_to_type(partition, 0) != 0)
            tally_.typed += partition::type(partition, 0, std::array<std::uint8_t, 2>{'a', 'b'});
        break;
    }
}

/// As the mover does it: src/migrate/mover_source.cpp.
void Disturber::hold(Place& place) {
    Partition& partition = *place.home.partition;
    auto before = PartitionState::running;
    partition.state.compare_exchange_strong(before, PartitionState::suspended);
    if (partition.state != PartitionState::suspended || !dispatcher_.is_out(partition)) {
        place.phase = partition.state == PartitionState::suspended ? Phase::leaving : Phase::running;
        return;
    }
    place.home.held = true;
    place.phase = Phase::held;
    ++tally_.held;
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        EXPECT_FALSE(place.home.guests[i].inside) << "is_out, and it is inside";
    }
}

void Disturber::resume(Place& place) {
    Partition& partition = *place.home.partition;
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        EXPECT_FALSE(place.home.guests[i].inside) << "it went in while its partition was suspended";
    }
    place.home.held = false;
    place.phase = Phase::running;
    auto before = PartitionState::suspended;
    EXPECT_TRUE(partition.state.compare_exchange_strong(before, PartitionState::running))
        << "nobody could have ended it";
    partition::alert(partition);
}

/// It has ended, or is suspended; others of its virtual processors may still be inside.
void Disturber::take_away(Place& place) {
    Partition& partition = *place.home.partition;
    dispatcher_.remove(partition);
    std::uint64_t calls = 0;
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        const Guest& guest = place.home.guests[i];
        const Vcpu& vcpu = partition.vcpus[i];
        EXPECT_FALSE(guest.inside);
        EXPECT_EQ(vcpu.on, Vcpu::nowhere);
        EXPECT_EQ(vcpu.areas.dispatch_counter, 1 + 2 * guest.turns()) << "turns of virtual processor " << i;
        calls += guest.calls();
        tally_.turns += guest.turns();
    }
    const auto counted = partition.calls();
    EXPECT_EQ(std::accumulate(counted.by_row.begin(), counted.by_row.end(), std::uint64_t{0}), calls);
    tally_.calls += calls;
    place.home.held = false;
    place.home.going_down = false;
    place.home.partition.reset();
    place.phase = Phase::absent;
}

void Disturber::reap(Place& place) {
    const auto why = place.home.partition->stop_reason;
    EXPECT_NE(why, partition::StopReason::none);
    if (random_.one_in(2)) {
        EXPECT_EQ(place.home.partition->stop_reason, why);
    }
    (void)dispatcher_.is_out(*place.home.partition);
    EXPECT_EQ(place.home.partition->stop_reason, why) << "only the first ends it";
    ++tally_.ended;
    take_away(place);
}

void Disturber::disturb(Place& place) {
    if (place.phase != Phase::absent && place.home.partition->state == PartitionState::off)
        return reap(place);
    switch (place.phase) {
    case Phase::absent:
        return build(static_cast<std::size_t>(&place - homes_.data()));
    case Phase::running:
        return random_.one_in(8) ? hold(place) : look_at(place);
    case Phase::leaving:
        return hold(place);
    case Phase::held:
        return random_.one_in(3) ? resume(place) : void();
    }
}

std::uint64_t Disturber::run() {
    if (rounds_ == 0)
        return ~std::uint64_t{0};
    --rounds_;
    Place& place = homes_[random_.below(homes)];
    // One that is about to end is not looked at any later: others of its virtual processors are still inside.
    for (int i = 0; i < 200 && place.home.going_down && place.home.partition->state != PartitionState::off; ++i)
        std::this_thread::yield();
    disturb(place);
    return random_.below(4) * 20'000;
}

void Disturber::end() {
    for (Place& place : homes_) {
        if (place.phase == Phase::absent)
            continue;
        auto before = PartitionState::running;
        place.home.partition->state.compare_exchange_strong(before, PartitionState::suspended);
        take_away(place);
    }
}

void Disturber::check_nobody_is_forgotten(std::uint64_t now) {
    for (Place& place : homes_) {
        if (place.phase == Phase::absent || place.home.partition->state != PartitionState::running)
            continue;
        Partition& partition = *place.home.partition;
        const Locked events(partition.events);
        for (std::uint32_t i = 0; i < vcpus; ++i) {
            const Vcpu& vcpu = partition.vcpus[i];
            if (vcpu.state == VcpuState::stopped)
                continue;
            const bool sees_interrupts = (vcpu.registers.msr & partition::msr::ee) != 0;
            EXPECT_FALSE(place.home.guests[i].inside);
            const bool used_up = partition.share.claim.capped && !partition.share.claim.dedicated();
            EXPECT_TRUE(vcpu.waits() || used_up) << i << " is ready and does not run";
            EXPECT_FALSE(vcpu.waits() && vcpu.prodded) << i << " was prodded";
            EXPECT_FALSE(vcpu.waits() && vcpu.reset_pending) << i << " was reset";
            EXPECT_FALSE(vcpu.waits() && sees_interrupts && partition::external_pending(vcpu))
                << i << " is interrupted";
            EXPECT_FALSE(vcpu.waits() && sees_interrupts && vcpu.decrementer_expiry <= now) << i << " is late";
            EXPECT_TRUE(place.home.guests[i].messages == 0 || vcpu.presentation.mfrr != interrupt::least_favoured)
                << i << " has a message and no interrupt";
        }
    }
}

} // namespace transom::stress
