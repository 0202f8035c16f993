// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/base/intrusive_list.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/partition/partition.hpp>

namespace transom::partition {

/// Work of the hypervisor's own, run to completion between the turns of virtual processors: network, console, migration,
/// management (a hypervisor has no thread to hide it in).
class Task {
  public:
    /// Does a bounded piece of work. Answers after how many ticks of the time base it wants to run again: 0 when there is
    /// more to do now. An interrupt of a device, and ProcessorPool's sleepers where they are told to, let it run sooner.
    virtual std::uint64_t run() = 0;

  protected:
    ~Task() = default;
};

/// Shares the machine's processors among the virtual processors; the boot processor also does the hypervisor's own tasks.
class Dispatcher {
  public:
    /// `frequency`: ticks of the time base in a second.
    explicit Dispatcher(std::uint64_t frequency);

    /// At most twelve tasks, and any number of partitions; they outlive the dispatcher or are removed. Called, as run_once(), by the boot
    /// processor only.
    void add(Task& task);
    void add(Partition& partition);
    /// Waits until none of its virtual processors is inside it. Its state is not `running`, so that they do not come back.
    void remove(Partition& partition);
    /// Whether none of its virtual processors is inside it. Those that are leave it soon; where its state is not `running` they do
    /// not come back.
    bool is_out(const Partition& partition);

    /// Whether a virtual processor is ready to run, may, and has no processor.
    bool somebody_waits();

    /// From now on that many processors share the work, the boot processor among them. `nodes`: of the machine, on which each of them is;
    /// none: nothing is known of that.
    void set_processors(std::uint32_t count, std::span<const std::uint8_t> nodes = {});

    /// One round of the boot processor: every task once, then a turn for a virtual processor; sleeps where there is nothing.
    void run_once();
    /// One round of another processor.
    void run_turn_or_sleep();

    /// Ticks of the time base that virtual processors have run, and first entry into any of them (0: not yet).
    std::uint64_t guest_ticks() const { return guest_ticks_; }
    std::uint64_t first_entry() const { return first_entry_; }
    ProcessorPool& pool() { return pool_; }
    const ProcessorPool& pool() const { return pool_; }

  private:
    void give_homes(PoolMember& member);
    static bool may_lend(const Contender& contender);
    static std::uint64_t until_it_wakes(const Contender& contender, std::uint64_t now);
    struct Ownership {
        bool owned, shared;
    };
    Ownership ownership();
    std::uint64_t run_tasks();
    std::optional<Turn> take_turn();
    bool somebody_wakes_within(std::uint64_t ticks, std::uint64_t now);
    void play(const Turn& turn);
    std::optional<Turn> play_one(const Turn& turn);
    void turn_or_sleep(std::uint64_t longest_sleep);
    std::uint64_t run_vcpu(const Turn& turn);
    Contender* heir_of(Contender& contender, bool wants_more);
    void collect_ready(std::uint64_t now);
    std::uint64_t until_next_event(std::uint64_t now, bool shared);

    std::uint64_t quantum_;       // longest time that a virtual processor runs before the tasks are looked at again
    std::uint64_t short_quantum_; // while an interrupt waits for MSR[EE] and the processor cannot present it itself
    StaticVector<Task*, 12> tasks_;
    SpinLock lock_; // of the two below; taken before Partition::events
    IntrusiveList<Partition, &Partition::next_dispatched> partitions_;
    SharedPool shares_;
    std::atomic<std::uint64_t> guest_ticks_ = 0;
    std::atomic<std::uint64_t> first_entry_ = 0;
    ProcessorPool pool_;
};

/// Whether a virtual processor can make use of a processor now. One that waits becomes ready when it was prodded and,
/// where MSR[EE] is on, when an interrupt waits or its decrementer has passed zero. `timebase` is the partition's. It is outside, and
/// Partition::events is held.
bool wants_to_run(Vcpu& vcpu, std::uint64_t timebase);

} // namespace transom::partition
