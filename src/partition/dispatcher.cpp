// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/processors.hpp>
#include <arch/relax.hpp>
#include <arch/world.hpp>
#include <transom/base/log.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/vpa.hpp>
#include <utility>

namespace transom::partition {

namespace {

/// A call that gives the processor up has left its reason; without one, and where no page is missing, the slice was over: also where it
/// pays a toll, of which the partition knows nothing.
PreemptReason why_left(const Vcpu& vcpu) {
    if (vcpu.awaits != Vcpu::nothing)
        return PreemptReason::migration_fault;
    return vcpu.areas.preempt_reason != PreemptReason::none ? vcpu.areas.preempt_reason : PreemptReason::end_of_slice;
}

std::uint64_t until(std::uint64_t when, std::uint64_t now) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(when - now), 0));
}

/// Interrupts do not wake a processor that waits with MSR[EE] off. LoPAR H_CONFER, H_JOIN.
bool wakes_by_interrupt(const Vcpu& vcpu) { return vcpu.waits() && (vcpu.registers.msr & msr::ee) != 0; }

} // namespace

bool wants_to_run(Vcpu& vcpu, std::uint64_t timebase) {
    if (const std::uint64_t page = vcpu.awaits; page != Vcpu::nothing) {
        if (!vcpu.partition->memory.here({page}))
            return false;
        vcpu.awaits = Vcpu::nothing;
    }
    if (vcpu.toll.held(timebase - vcpu.partition->timebase_offset))
        return false;
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

constexpr std::uint32_t boot_processor = 0;

// LoPAR and PowerVM: the dispatch window has 10 ms. A turn is a quarter of it: whoever begins one finds no translation of his
// any more in the processor, and an emulated one takes much of a millisecond to find them again.
Dispatcher::Dispatcher(std::uint64_t frequency)
    : quantum_(frequency / 1000), short_quantum_(frequency / 20'000), shares_(frequency / 100, frequency / 400) {}

void Dispatcher::set_processors(std::uint32_t count, std::span<const std::uint8_t> nodes) {
    const Locked lock(lock_);
    pool_.processors = count;
    shares_.set_nodes(nodes);
}

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
    if (share.claim.dedicated())
        give_homes(share);
    alert(partition);
}

/// To each of its virtual processors one that nobody has for himself; whoever has set `dedicated` knows that there are enough.
void Dispatcher::give_homes(PoolMember& member) {
    std::uint32_t next = boot_processor;
    for (Contender* contender : member.contenders) {
        do
            invariant(++next < pool_.processors, "more dedicated processors than there are");
        while (shares_.owner_of(next) != nullptr);
        contender->home = next; // from the low ones up: who looks for one that sleeps begins at the other end
        contender->lends = may_lend(*contender);
    }
}

/// Whether others may use its processor while it waits. Its partition's events are held, or it never ran.
bool Dispatcher::may_lend(const Contender& contender) {
    const Vcpu& vcpu = *contender.vcpu;
    return contender.member->claim.processors == Processors::donating &&
           (vcpu.state == VcpuState::stopped || vcpu.partition->state != PartitionState::running || donates(vcpu));
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
    for (Contender* contender : partition.share.contenders)
        if (const std::uint32_t home = std::exchange(contender->home, Contender::anywhere); home != Contender::anywhere)
            arch::kick(home); // it is everybody's now
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

bool Dispatcher::somebody_waits() {
    const Locked lock(lock_);
    return shares_.has_turn();
}

std::uint64_t Dispatcher::run_tasks() {
    std::uint64_t soonest = ~std::uint64_t{0};
    for (Task* task : tasks_)
        soonest = std::min(soonest, task->run());
    return soonest;
}

namespace {

/// A virtual processor's turn, as who moves its partition sees it: from before anything is written of it into the partition's memory,
/// until all of it is.
class Presence {
  public:
    explicit Presence(const Vcpu& vcpu) : dual_(vcpu.partition->dual), index_(vcpu.index) {
        if (dual_ != nullptr)
            dual_->arrive(index_);
        vcpu.partition->memory.begin_turn();
    }
    ~Presence() {
        if (dual_ != nullptr)
            dual_->leave(index_);
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

  private:
    dual::PartitionEngine* dual_;
    std::uint32_t index_;
};

} // namespace

/// Lets a virtual processor run on this processor; when it stopped.
std::uint64_t Dispatcher::run_vcpu(const Turn& turn) {
    Vcpu& vcpu = *turn.contender->vcpu;
    Partition& partition = *vcpu.partition;
    const std::uint64_t offset = partition.timebase_offset;
    const std::uint64_t start = arch::timebase();
    if (std::uint64_t none = 0; first_entry_.compare_exchange_strong(none, start))
        log("partition {}: first instruction", partition.name());
    const Presence presence(vcpu);
    bool waiting = false;
    {
        const Locked events(partition.events);
        // What the partition registered lies in its memory: it cannot fail but by a page that is not here yet, and then it waits for
        // that.
        if (!dispatched(vcpu, {.ready = turn.contender->ready_since + offset,
                               .queued = turn.contender->queued_since + offset,
                               .now = start + offset,
                               .lent = turn.lent,
                               .processor = static_cast<std::uint16_t>(arch::processor_index())})) {
            vcpu.awaits = partition.memory.missed().value;
            return start;
        }
        // An external interrupt is delivered on the way in, once the virtual processor has interrupts enabled.
        waiting = !arch::presents_external() && external_pending(vcpu) && (vcpu.registers.msr & msr::ee) == 0;
    }
    arch::run(vcpu, waiting ? std::min(turn.ticks, short_quantum_) : turn.ticks);
    const std::uint64_t end = arch::timebase();
    guest_ticks_ += end - start;
    const Locked events(partition.events);
    // Its page was here when the processor was dispatched, or when the area was registered since, and during a turn pages only arrive.
    // Were it not so, the partition would see no odd count this time, and no entry in its log.
    if (!preempted(vcpu, why_left(vcpu), end + offset, {vcpu.awaits}))
        log("partition {}: cannot count a virtual processor's preemption", partition.name());
    return end;
}

/// Brings the pool up to date with what has happened to the virtual processors that have no turn.
void Dispatcher::collect_ready(std::uint64_t now) {
    for (Partition* partition : partitions_) {
        const bool runs = partition->state == PartitionState::running;
        const Locked events(partition->events);
        for (Contender* contender : partition->share.contenders) {
            contender->node = contender->vcpu->home;
            if (contender->state == Contender::State::ready && !runs)
                shares_.withdraw(*contender);
            if (contender->state != Contender::State::waits || !runs ||
                !wants_to_run(*contender->vcpu, now + partition->timebase_offset))
                continue;
            shares_.ready(*contender, now);
            if (contender->home != Contender::anywhere && contender->home != arch::processor_index())
                arch::kick(contender->home);
        }
    }
}

std::optional<Turn> Dispatcher::take_turn() {
    const Locked lock(lock_);
    const std::uint64_t now = arch::timebase();
    collect_ready(now);
    const std::uint32_t self = arch::processor_index();
    std::uint64_t longest = self == boot_processor ? quantum_ : ~std::uint64_t{0};
    if (const Contender* const owner = shares_.owner_of(self);
        owner != nullptr && owner->state == Contender::State::waits)
        longest = until_it_wakes(*owner, now);
    const auto turn = shares_.next(now, longest, self);
    if (turn)
        turn->contender->vcpu->on = self;
    if (turn && somebody_wakes_within(turn->ticks, now))
        pool_.sleepers.wake_one(); // it may have fallen asleep when that decrementer was in a processor
    // Each who wakes wakes the next, as long as there is something to do; also what it found for others only.
    if (shares_.has_turn())
        pool_.sleepers.wake_one();
    return turn;
}

/// Whether somebody who waits, and has no processor of his own, is woken in so many ticks by his decrementer or the end of his toll.
bool Dispatcher::somebody_wakes_within(std::uint64_t ticks, std::uint64_t now) {
    for (Partition* partition : partitions_)
        for (const Contender* contender : partition->share.contenders)
            if (contender->state == Contender::State::waits && contender->home == Contender::anywhere &&
                until_it_wakes(*contender, now) < ticks)
                return true;
    return false;
}

/// What is left of a turn may go on.
void Dispatcher::play(const Turn& turn) {
    for (std::optional<Turn> next = turn; next;)
        next = play_one(*next);
}

/// Who goes on with what is left of a turn: whom H_CONFER names; else who had it, where it did not give it up but was kicked, or made
/// a call that others may have waited for. On the boot processor the tasks come first.
Contender* Dispatcher::heir_of(Contender& contender, bool wants_more) {
    Vcpu& vcpu = *contender.vcpu;
    const std::uint32_t named = std::exchange(vcpu.confers_to, Vcpu::nowhere);
    // Who has a processor of his own begins another turn if he wants to; others have to let him.
    if (shares_.owner_of(arch::processor_index()) != nullptr)
        return nullptr;
    if (named != Vcpu::nowhere) {
        Vcpu& target = vcpu.partition->vcpus[named];
        const bool can_take_it = target.contender.state == Contender::State::ready && target.state == VcpuState::ready;
        return can_take_it ? &target.contender : nullptr;
    }
    const bool gave_it_up = vcpu.areas.preempt_reason != PreemptReason::end_of_slice;
    return wants_more && !gave_it_up && arch::processor_index() != boot_processor ? &contender : nullptr;
}

std::optional<Turn> Dispatcher::play_one(const Turn& turn) {
    Contender& contender = *turn.contender;
    Vcpu& vcpu = *contender.vcpu;
    Partition& partition = *vcpu.partition;
    const std::uint64_t begin = arch::timebase();
    const std::uint64_t end = run_vcpu(turn); // what it waits for from here on is not its own time
    const Locked lock(lock_);
    const Locked events(partition.events);
    const std::uint64_t now = arch::timebase();
    const bool runs = partition.state == PartitionState::running;
    const bool wants_more =
        runs && vcpu.state == VcpuState::ready && vcpu.awaits == Vcpu::nothing && !vcpu.toll.held(now);
    Contender* const heir = heir_of(contender, wants_more);
    vcpu.on = Vcpu::nowhere;
    contender.lends = may_lend(contender);
    std::optional<Turn> rest;
    if (heir != nullptr && runs)
        rest = shares_.hand_over(contender, end - begin, wants_more, *heir, now);
    else
        shares_.ran(contender, end - begin, wants_more, now);
    if (rest)
        rest->contender->vcpu->on = arch::processor_index();
    if (partition.state == PartitionState::off || vcpu.awaits != Vcpu::nothing)
        pool_.sleepers.wake_for_tasks(); // somebody has to notice
    // Another processor looks for a turn itself once this one is over; on the boot processor the tasks come first.
    if ((rest || arch::processor_index() == boot_processor) && shares_.has_turn())
        pool_.sleepers.wake_one();
    return rest;
}

/// Ticks until the decrementer of a virtual processor that waits makes it want to run, or it has paid its toll.
std::uint64_t Dispatcher::until_it_wakes(const Contender& contender, std::uint64_t now) {
    const Vcpu& vcpu = *contender.vcpu;
    const Partition& partition = *vcpu.partition;
    const Locked events(vcpu.partition->events);
    if (partition.state != PartitionState::running)
        return ~std::uint64_t{0};
    if (vcpu.toll.is_held())
        return vcpu.toll.each() == 0 ? 0 : until(vcpu.toll.until(), now);
    if (!wakes_by_interrupt(vcpu))
        return ~std::uint64_t{0};
    return until(vcpu.decrementer_expiry - partition.timebase_offset, now);
}

/// Ticks until a virtual processor that may use this processor may want to run, or may have a turn again, of its own.
std::uint64_t Dispatcher::until_next_event(std::uint64_t now, bool shared) {
    std::uint64_t soonest = ~std::uint64_t{0};
    const Locked lock(lock_);
    const Contender* const owner = shares_.owner_of(arch::processor_index());
    if (owner != nullptr && owner->lends && owner->lends_from > now)
        soonest = until(owner->lends_from, now);
    for (Partition* partition : partitions_)
        for (const Contender* contender : partition->share.contenders) {
            const bool elsewhere = contender->home != Contender::anywhere && contender != owner;
            if (elsewhere || (!shared && contender != owner))
                continue;
            if (contender->state == Contender::State::ready)
                soonest = std::min(soonest, until(shares_.window_end(), now));
            else if (contender->state == Contender::State::waits)
                soonest = std::min(soonest, until_it_wakes(*contender, now));
        }
    return soonest;
}

/// Whose this processor is, and whether others than he may run on it now.
Dispatcher::Ownership Dispatcher::ownership() {
    const Locked lock(lock_);
    const Contender* const owner = shares_.owner_of(arch::processor_index());
    if (owner == nullptr)
        return {.owned = false, .shared = true};
    const std::uint64_t now = arch::timebase();
    return {.owned = true, .shared = shares_.may_borrow(*owner, now, until_it_wakes(*owner, now))};
}

void Dispatcher::turn_or_sleep(std::uint64_t longest_sleep) {
    if (const auto turn = take_turn())
        return play(*turn);
    // Who makes something ready from now on wakes us; who did it before left it to be found.
    const auto [owned, shared] = ownership();
    if (shared)
        pool_.sleepers.add_self();
    const auto turn = take_turn();
    const std::uint64_t begin = arch::timebase();
    const bool boot = arch::processor_index() == boot_processor;
    std::uint64_t sleep = turn ? 0 : std::min(longest_sleep, until_next_event(begin, shared));
    if (boot && pool_.sleepers.tasks_wanted())
        sleep = 0;
    if (sleep != 0) {
        const std::uint64_t interrupts = boot ? arch::device_interrupts() : 0;
        arch::idle(sleep);
        pool_.idle_ticks += owned ? 0 : arch::timebase() - begin;
        pool_.sleeps += boot ? 1 : 0;
        pool_.wakes_by_interrupt += boot && arch::device_interrupts() != interrupts ? 1 : 0;
    }
    // Who chose this one may mean something else than it has found by itself.
    if (shared && !pool_.sleepers.remove_self() && turn)
        pool_.sleepers.wake_one();
    if (turn)
        play(*turn);
}

void Dispatcher::run_once() {
    turn_or_sleep(run_tasks());
    // What is said from here on keeps it awake until the tasks, and whoever calls this, have looked.
    pool_.sleepers.begin_tasks();
}

void Dispatcher::run_turn_or_sleep() { turn_or_sleep(~std::uint64_t{0}); }

} // namespace transom::partition
