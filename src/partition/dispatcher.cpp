// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/processors.hpp>
#include <arch/relax.hpp>
#include <arch/world.hpp>
#include <transom/base/log.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/vpa.hpp>
#include <utility>

namespace transom::partition {

namespace {

/// A call that gives the processor up has left its reason; without one the slice was over.
PreemptReason why_left(const Vcpu& vcpu) {
    return vcpu.areas.preempt_reason != PreemptReason::none ? vcpu.areas.preempt_reason : PreemptReason::end_of_slice;
}

/// Interrupts do not wake a processor that waits with MSR[EE] off. LoPAR H_CONFER, H_JOIN.
bool wakes_by_interrupt(const Vcpu& vcpu) { return vcpu.waits() && (vcpu.registers.msr & msr::ee) != 0; }

} // namespace

bool wants_to_run(Vcpu& vcpu, std::uint64_t timebase) {
    if (vcpu.waits()) {
        const bool expired = static_cast<std::int64_t>(vcpu.decrementer_expiry - timebase) <= 0;
        if (vcpu.prodded || (wakes_by_interrupt(vcpu) && (expired || external_pending(vcpu)))) {
            vcpu.prodded = false;
            vcpu.state = VcpuState::ready;
        }
    }
    return vcpu.state == VcpuState::ready;
}

static_assert(max_contenders >= max_vcpus);

// LoPAR and PowerVM: the dispatch window has 10 ms. A turn is a quarter of it: whoever begins one finds no translation of his
// any more in the processor, and an emulated one takes much of a millisecond to find them again.
Dispatcher::Dispatcher(std::uint64_t frequency)
    : quantum_(frequency / 1000), short_quantum_(frequency / 20'000), shares_(frequency / 100, frequency / 400) {}

void Dispatcher::add(Task& task) { invariant(tasks_.push_back(&task), "too many tasks"); }

void Dispatcher::add(Partition& partition) {
    const Locked lock(lock_);
    partitions_.push_back(partition);
    PoolMember& share = partition.share;
    share.contenders.clear();
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) {
        Vcpu& vcpu = partition.vcpus[i];
        vcpu.contender = {.vcpu = &vcpu, .member = &share};
        invariant(share.contenders.push_back(&vcpu.contender), "more virtual processors than the pool knows");
    }
    shares_.add(share, arch::timebase());
    partition.pool = &pool_;
    pool_.sleepers.wake_one();
}

void Dispatcher::remove(Partition& partition) {
    if (!partitions_.contains(partition))
        return;
    invariant(partition.state != PartitionState::running, "a partition leaves the dispatcher while it runs");
    while (!is_out(partition))
        for (const Contender* contender : partition.share.contenders)
            while (contender->vcpu->on != Vcpu::nowhere)
                arch::relax();
    const Locked lock(lock_);
    partitions_.remove(partition);
    for (Contender* contender : partition.share.contenders)
        if (contender->state == Contender::State::ready)
            shares_.withdraw(*contender);
    shares_.remove(partition.share);
    partition.pool = &no_pool;
}

bool Dispatcher::is_out(const Partition& partition) {
    const Locked lock(lock_);
    bool out = true;
    for (const Contender* contender : partition.share.contenders)
        if (contender->state == Contender::State::runs) {
            out = false;
            arch::kick(contender->vcpu->on.load());
        }
    return out;
}

std::uint64_t Dispatcher::run_tasks() {
    pool_.sleepers.begin_tasks();
    std::uint64_t soonest = ~std::uint64_t{0};
    for (Task* task : tasks_)
        soonest = std::min(soonest, task->run());
    return soonest;
}

/// Lets a virtual processor run on this processor.
void Dispatcher::run_vcpu(const Turn& turn) {
    const std::uint64_t ticks = arch::processor_index() == 0 ? std::min(turn.ticks, quantum_) : turn.ticks;
    Vcpu& vcpu = *turn.contender->vcpu;
    Partition& partition = *vcpu.partition;
    const std::uint64_t offset = partition.timebase_offset;
    const std::uint64_t start = arch::timebase();
    if (std::uint64_t none = 0; first_entry_.compare_exchange_strong(none, start))
        log("partition {}: first instruction", partition.name());
    bool waiting = false;
    {
        const Locked events(partition.events);
        // What the partition registered lies in its memory: it cannot fail but by a page that is not here yet, and then the
        // partition does not run.
        if (!dispatched(vcpu, {.ready = turn.contender->ready_since + offset,
                               .queued = turn.contender->queued_since + offset,
                               .now = start + offset,
                               .processor = static_cast<std::uint16_t>(arch::processor_index())}))
            return;
        // An external interrupt is delivered on the way in, once the virtual processor has interrupts enabled.
        waiting = !arch::presents_external() && external_pending(vcpu) && (vcpu.registers.msr & msr::ee) == 0;
    }
    arch::run(vcpu, waiting ? std::min(ticks, short_quantum_) : ticks);
    const std::uint64_t end = arch::timebase();
    guest_ticks_ += end - start;
    const Locked events(partition.events);
    // Its page was here when the processor was dispatched, or when the area was registered since, and pages only arrive. Were
    // it not so, the partition would see no odd count this time, and no entry in its log.
    if (!preempted(vcpu, why_left(vcpu), end + offset))
        log("partition {}: cannot count a virtual processor's preemption", partition.name());
}

/// Brings the pool up to date with what has happened to the virtual processors that have no turn.
void Dispatcher::collect_ready(std::uint64_t now) {
    for (Partition* partition : partitions_) {
        const bool runs = partition->state == PartitionState::running;
        const Locked events(partition->events);
        for (Contender* contender : partition->share.contenders) {
            if (contender->state == Contender::State::ready && !runs)
                shares_.withdraw(*contender);
            if (contender->state == Contender::State::waits && runs &&
                wants_to_run(*contender->vcpu, now + partition->timebase_offset))
                shares_.ready(*contender, now);
        }
    }
}

std::optional<Turn> Dispatcher::take_turn() {
    const Locked lock(lock_);
    const std::uint64_t now = arch::timebase();
    collect_ready(now);
    const auto turn = shares_.next(now);
    if (turn) {
        turn->contender->vcpu->on = arch::processor_index();
        // Each who wakes wakes the next, as long as there is something to do.
        if (shares_.has_turn())
            pool_.sleepers.wake_one();
    }
    return turn;
}

/// What is left of a turn may go on with another virtual processor of the partition (H_CONFER).
void Dispatcher::play(const Turn& turn) {
    for (std::optional<Turn> next = turn; next;)
        next = play_one(*next);
}

std::optional<Turn> Dispatcher::play_one(const Turn& turn) {
    Vcpu& vcpu = *turn.contender->vcpu;
    Partition& partition = *vcpu.partition;
    const std::uint64_t begin = arch::timebase();
    run_vcpu(turn);
    const Locked lock(lock_);
    const Locked events(partition.events);
    const std::uint64_t end = arch::timebase();
    vcpu.on = Vcpu::nowhere;
    const bool runs = partition.state == PartitionState::running;
    const bool wants_more = runs && vcpu.state == VcpuState::ready;
    const std::uint32_t heir = std::exchange(vcpu.confers_to, Vcpu::nowhere);
    std::optional<Turn> rest;
    if (heir != Vcpu::nowhere && runs && partition.vcpus[heir].contender.state == Contender::State::ready) {
        rest = shares_.hand_over(*turn.contender, end - begin, wants_more, partition.vcpus[heir].contender, end);
        if (rest)
            rest->contender->vcpu->on = arch::processor_index();
    } else {
        shares_.ran(*turn.contender, end - begin, wants_more, end);
    }
    if (partition.state == PartitionState::off)
        pool_.sleepers.wake_for_tasks(); // somebody has to notice
    if (wants_more && arch::processor_index() == 0)
        pool_.sleepers.wake_one(); // here the tasks come first
    return rest;
}

/// Ticks until a virtual processor may want to run, or may have a turn again, of its own.
std::uint64_t Dispatcher::until_next_event(std::uint64_t now) {
    std::uint64_t soonest = ~std::uint64_t{0};
    const auto wait_until = [&](std::uint64_t when) {
        const auto left = static_cast<std::int64_t>(when - now);
        soonest = std::min(soonest, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)));
    };
    const Locked lock(lock_);
    for (Partition* partition : partitions_) {
        const Locked events(partition->events);
        for (const Contender* contender : partition->share.contenders) {
            if (contender->state == Contender::State::ready)
                wait_until(shares_.window_end());
            else if (contender->state == Contender::State::waits && partition->state == PartitionState::running &&
                     wakes_by_interrupt(*contender->vcpu))
                wait_until(contender->vcpu->decrementer_expiry - partition->timebase_offset);
        }
    }
    return soonest;
}

void Dispatcher::turn_or_sleep(std::uint64_t longest_sleep) {
    if (const auto turn = take_turn())
        return play(*turn);
    // Who makes something ready from now on wakes us; who did it before left it to be found.
    pool_.sleepers.add_self();
    const auto turn = take_turn();
    const std::uint64_t begin = arch::timebase();
    const bool boot = arch::processor_index() == 0;
    std::uint64_t sleep = turn ? 0 : std::min(longest_sleep, until_next_event(begin));
    if (boot && pool_.sleepers.tasks_wanted())
        sleep = 0;
    if (sleep != 0) {
        const std::uint64_t interrupts = arch::device_interrupts();
        arch::idle(sleep);
        pool_.idle_ticks += arch::timebase() - begin;
        pool_.sleeps += boot ? 1 : 0;
        pool_.wakes_by_interrupt += boot && arch::device_interrupts() != interrupts ? 1 : 0;
    }
    pool_.sleepers.remove_self();
    if (turn)
        play(*turn);
}

void Dispatcher::run_once() { turn_or_sleep(run_tasks()); }

void Dispatcher::run_turn_or_sleep() { turn_or_sleep(~std::uint64_t{0}); }

} // namespace transom::partition
