// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <papr/status.hpp>
#include <transom/base/spin_lock.hpp>
#include <transom/dual/resize_portion.hpp>
#include <transom/dual/resize_tables.hpp>
#include <transom/hpt/hashed_page_table.hpp>
#include <transom/memory/frames.hpp>

namespace transom::partition {
struct Partition;
}

namespace transom::hpt {
extern template class Table<dual::ResizeSlots<RealSlots>>;
}

namespace transom::dual {

class PartitionEngine;

/// How far a partition is with a page table of another size.
enum class ResizeStep : std::uint8_t {
    idle,
    wanted,    // its memory is to be taken and zeroed
    diverting, // calls that know the old table only are awaited
    copying,   // what is bolted goes there
    prepared,
    no_memory,
    closing, // H_RESIZE_HPT_COMMIT is being made: page table calls that are under way are awaited, and no new ones begin
    switching, // its processors go over to it
    folding,   // it is the partition's page table; the old one's R and C are taken over
    dropping,  // it is not wanted; calls that still know it are awaited
};

/// Whoever needs a partition's page table to stay as large as it is.
enum class Holder : std::uint8_t { migration = 1, relocation = 2 };

/// The resizing of a partition's page table (LoPAR H_RESIZE_HPT_PREPARE, H_RESIZE_HPT_COMMIT). Calls say what is wanted, work() does it a
/// little at a time. It is the engine's: the processors go over as they do in a migration, of which there is none meanwhile.
class PartitionResize {
  public:
    explicit PartitionResize(PartitionEngine& engine) : engine_(engine) {}

    /// H_RESIZE_HPT_PREPARE, of a size that a table can have, or 0: none.
    papr::Status prepare(partition::Partition& partition, unsigned log2_bytes);
    /// H_RESIZE_HPT_COMMIT, of virtual processor `caller`. Nothing: the call is to be made again, as its processors are not all there yet.
    std::optional<papr::Status> commit(partition::Partition& partition, std::uint32_t caller, unsigned log2_bytes);

    /// A migration or a relocation begins: what is prepared is dropped, and nothing is prepared until let(). False: a change of the table is not finished, or whoever
    /// committed it has not had his answer, which the target would not know. For the answer nobody waits longer than `patience` (ticks): an interrupt may
    /// have taken the processor elsewhere.
    [[nodiscard]] bool hold(partition::Partition& partition, std::uint64_t patience, Holder holder);
    void let(Holder holder);

    /// What there is to do, by the owner of `frames`; what takes time only with the round's portion. True: there is more.
    bool work(partition::Partition& partition, memory::Frames& frames, ResizePortion& portion);
    bool under_way() const { return step() != ResizeStep::idle; }
    /// Memory of a table that is not wanted any more is about to be free.
    bool gives_memory_back() const { return step() == ResizeStep::dropping; }
    ResizeStep step() const { return step_.load(std::memory_order_acquire); }
    /// The partition ends, with nobody inside.
    void end(memory::Frames& frames);

    /// What calls act on while they go to_resizing.
    hpt::Table<ResizeSlots<hpt::RealSlots>>& table() { return tables_.table(); }
    /// The new table, for a processor that walks it by its second number.
    hpt::Table<ResizeSlots<hpt::RealSlots>>& next() { return tables_.next(); }

  private:
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    void move(ResizeStep to) { step_.store(to, std::memory_order_release); }
    bool move_if(ResizeStep from, ResizeStep to);
    void drop(partition::Partition& partition);
    bool is_committed() const { return step() == ResizeStep::closing || step() == ResizeStep::switching; }
    void go_on(partition::Partition& partition);
    void begin_switching(partition::Partition& partition);
    void change_over(partition::Partition& partition);
    void answer(papr::Status status);
    bool take_memory(memory::Frames& frames);
    void prepare_portion(partition::Partition& partition, memory::Frames& frames);
    void fold_portion(partition::Partition& partition, memory::Frames& frames, ResizePortion& portion);
    void release(memory::Frames& frames);

    PartitionEngine& engine_;
    ResizeTables<hpt::RealSlots> tables_;
    SpinLock control_; // of what calls and moves of processors change: the step, and what follows
    std::atomic<ResizeStep> step_ = ResizeStep::idle;
    unsigned log2_bytes_ = 0;                     // wanted, and at last reached
    std::uint8_t held_ = 0;                       // a bit for each Holder
    std::uint32_t committer_ = nobody;            // the virtual processor whose call has not been answered
    papr::Status answer_ = papr::Status::success; // that it gets when it makes the call again
    std::uint64_t answered_at_ = 0;               // time base
    RealRange spare_{}; // of the table that is not the partition's: the new one, then the old one
    Bytes zeroed_ = 0;
};

} // namespace transom::dual
