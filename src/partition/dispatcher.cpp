// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <arch/world.hpp>
#include <transom/base/log.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/vpa.hpp>

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

Dispatcher::Dispatcher(std::uint64_t frequency) : slice_(frequency / 1000), short_slice_(frequency / 20'000) {}

void Dispatcher::add(Task& task) { invariant(tasks_.push_back(&task), "too many tasks"); }

void Dispatcher::add(Partition& partition) {
    invariant(partitions_.push_back(&partition), "too many partitions");
    partition.pool = &pool_;
    pool_.virtual_processors += partition.vcpu_count;
}

void Dispatcher::remove(Partition& partition) {
    for (Partition*& p : partitions_)
        if (p == &partition) {
            p = partitions_[partitions_.size() - 1];
            partition.pool = &no_pool;
            pool_.virtual_processors -= partition.vcpu_count;
            partitions_.pop_back();
            return;
        }
}

std::uint64_t Dispatcher::run_tasks() {
    std::uint64_t soonest = slice_;
    for (Task* task : tasks_)
        soonest = std::min(soonest, task->run());
    return soonest;
}

void Dispatcher::run_vcpu(Vcpu& vcpu, std::uint64_t slice) {
    Partition& partition = *vcpu.partition;
    const std::uint64_t start = arch::timebase();
    if (first_entry_ == 0) {
        first_entry_ = start;
        log("partition {}: first instruction", partition.name());
    }
    // What the partition registered lies in its memory: it cannot fail but by a page that is not here yet, and then the
    // partition does not run.
    if (!dispatched(vcpu, start + partition.timebase_offset))
        return;
    // An external interrupt is delivered on the way in, once the virtual processor has interrupts enabled.
    const bool waiting = external_pending(vcpu) && (vcpu.registers.msr & msr::ee) == 0;
    arch::run(vcpu, waiting ? std::min(slice, short_slice_) : slice);
    const std::uint64_t end = arch::timebase();
    guest_ticks_ += end - start;
    // Its page was here when the processor was dispatched, or when the area was registered since, and pages only arrive. Were
    // it not so, the partition would see no odd count this time, and no entry in its log.
    if (!preempted(vcpu, why_left(vcpu), end + partition.timebase_offset))
        log("partition {}: cannot count a virtual processor's preemption", partition.name());
}

bool Dispatcher::run_vcpus(std::uint64_t slice) {
    bool ran = false;
    for (Partition* partition : partitions_)
        for (std::uint32_t i = 0; i < partition->vcpu_count && partition->state == PartitionState::running; ++i) {
            Vcpu& vcpu = partition->vcpus[i];
            if (wants_to_run(vcpu, arch::timebase() + partition->timebase_offset)) {
                run_vcpu(vcpu, slice);
                ran = true;
            }
        }
    return ran;
}

std::uint64_t Dispatcher::until_next_decrementer() const {
    std::uint64_t soonest = ~std::uint64_t{0};
    for (const Partition* partition : partitions_)
        for (std::uint32_t i = 0; i < partition->vcpu_count && partition->state == PartitionState::running; ++i) {
            const Vcpu& vcpu = partition->vcpus[i];
            const auto left =
                static_cast<std::int64_t>(vcpu.decrementer_expiry - (arch::timebase() + partition->timebase_offset));
            if (wakes_by_interrupt(vcpu))
                soonest = std::min(soonest, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)));
        }
    return soonest;
}

void Dispatcher::run_once() {
    const std::uint64_t wanted = run_tasks();
    const bool ran = run_vcpus(slice_);
    const std::uint64_t sleep = std::min(wanted, until_next_decrementer());
    if (ran || sleep == 0)
        return;
    const std::uint64_t begin = arch::timebase();
    arch::idle(sleep);
    pool_.idle_ticks += arch::timebase() - begin;
}

} // namespace transom::partition
