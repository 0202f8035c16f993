// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "walker.hpp"
#include <arch/fake_machine.hpp>
#include <array>
#include <memory>
#include <transom/partition/partition.hpp>

namespace transom::stress {

/// What a flush found of the entry that it was for: the entry is locked and invalid, and no processor has it any more.
struct Flushed {
    Instance instance;
    std::uint64_t usage;
    std::uint64_t protection;
};

/// Who makes a call, and what the flushes of that call are to note.
struct Caller {
    static thread_local Caller* current;

    bool removes = false;
    std::uint64_t clears = 0;                // of R and C
    std::optional<std::uint64_t> protection; // that the entry gets
    std::vector<Flushed> flushed;
};

/// A partition of 16 MiB with the smallest page table, on the fake machine, two processors' MMUs that walk it, and what has
/// to be true of each entry.
class HptScene {
  public:
    static constexpr unsigned callers = 4;
    static constexpr unsigned walkers = 2;

    explicit HptScene(hpt::Format format);

    partition::Partition& partition() { return *partition_; }
    Truths& truths() { return truths_; }
    Walker& walker(unsigned index) { return *walkers_[index]; }
    std::array<std::uint64_t, 2>& words(papr::Ptex slot) { return table_[slot.value]; }
    hpt::Format format() const { return format_; }

    /// The page that an entry in a slot translates; none where its d0 is of no page that is used here.
    hpt::VirtualPage page_of(papr::Ptex slot, std::uint64_t d0, std::uint64_t d1) const;
    /// Whether an entry's real page is that of the instance, or of the page in real mode.
    bool maps_what_it_should(std::optional<Instance> instance, const hpt::VirtualPage& page, std::uint64_t d1) const;

    /// When nothing happens any more: no slot is locked, each entry is there once, whole, with its R and C and protection.
    /// `all`: and each that was entered and not removed is there. How many there are.
    std::uint64_t check_at_end(bool all);

  private:
    void flush(const arch::FakeFlush& flush);
    unsigned locked_slots_of(Instance instance);
    void check_slot(papr::Ptex slot, std::vector<bool>& found);

    static constexpr RealAddr table_address_ = arch::fake_real_base + mib(16);
    hpt::Format format_;
    arch::FakeMachine machine_{mib(17)};
    std::vector<std::uint64_t> guest_words_;
    std::unique_ptr<partition::Partition> partition_ = std::make_unique<partition::Partition>();
    std::array<std::uint64_t, 2>* table_;
    Truths truths_;
    std::array<std::unique_ptr<Walker>, walkers> walkers_;
};

} // namespace transom::stress
