// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/partition/partition.hpp>

namespace transom::partition {

/// Work of the hypervisor's own, run to completion between the turns of virtual processors: network, console, migration,
/// management (a hypervisor has no thread to hide it in).
class Task {
  public:
    /// Does a bounded piece of work. Answers after how many ticks of the time base it wants to run again: 0 when there is
    /// more to do now.
    virtual std::uint64_t run() = 0;

  protected:
    ~Task() = default;
};

/// Shares one processor among the virtual processors and the hypervisor's own tasks.
class Dispatcher {
  public:
    /// `frequency`: ticks of the time base in a second.
    explicit Dispatcher(std::uint64_t frequency);

    /// At most eight tasks and four partitions; they outlive the dispatcher or are removed.
    void add(Task& task);
    /// With the claim that it has, which the pool has unallocated.
    void add(Partition& partition);
    void remove(Partition& partition);

    /// One round: every task once, then a turn for a virtual processor; sleeps where there is nothing.
    void run_once();

    /// Ticks of the time base that virtual processors have run, and first entry into any of them (0: not yet).
    std::uint64_t guest_ticks() const { return guest_ticks_; }
    std::uint64_t first_entry() const { return first_entry_; }
    const ProcessorPool& pool() const { return pool_; }

  private:
    std::uint64_t run_tasks();
    bool run_turn();
    std::uint64_t run_vcpu(Vcpu& vcpu, std::uint64_t ticks);
    void collect_ready(std::uint64_t now);
    std::uint64_t until_next_event(std::uint64_t now) const;

    std::uint64_t quantum_;       // longest time that a virtual processor runs before the tasks are looked at again
    std::uint64_t short_quantum_; // while an interrupt waits for a virtual processor that has interrupts off
    StaticVector<Task*, 8> tasks_;
    StaticVector<Partition*, 4> partitions_;
    SharedPool shares_;
    std::uint64_t guest_ticks_ = 0;
    std::uint64_t first_entry_ = 0;
    ProcessorPool pool_;
};

/// What a partition gets that is described without a claim: a tenth of a processor for each virtual one, where so much is left.
std::uint32_t usual_entitlement(std::uint32_t virtual_processors, const ProcessorPool& pool);

/// Whether a virtual processor can make use of a processor now. One that waits becomes ready when it was prodded and,
/// where MSR[EE] is on, when an interrupt waits or its decrementer has passed zero. `timebase` is the partition's.
bool wants_to_run(Vcpu& vcpu, std::uint64_t timebase);

} // namespace transom::partition
