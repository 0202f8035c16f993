// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "input.hpp"
#include <arch/fake_machine.hpp>
#include <array>
#include <memory>
#include <transom/partition/partition.hpp>
#include <transom/random/source.hpp>
#include <vector>

namespace transom::hcall_fuzz {

constexpr unsigned log2_table_size = papr::min_log2_table_size;
constexpr std::uint64_t slots = std::uint64_t{1} << (log2_table_size - papr::log2_entry_size);
constexpr Bytes memory_size = 2 * memory::block_size;
constexpr Bytes tracked_granule = kib(4);

// Real memory: the partition's second block, a block that is not its own, its first block, its page table, and then what
// is not its own again. On both sides of each thing that it owns lies what it must not reach.
constexpr RealAddr second_block = arch::fake_real_base;
constexpr RealAddr foreign_block = second_block + memory::block_size;
constexpr RealAddr first_block = foreign_block + memory::block_size;
constexpr RealAddr table_address = first_block + memory::block_size;
constexpr RealAddr foreign_tail = table_address + (Bytes{1} << log2_table_size);
constexpr Bytes foreign_tail_size = kib(256);
inline constexpr std::array foreign{RealRange{foreign_block, memory::block_size},
                                    RealRange{foreign_tail, foreign_tail_size}};

/// What foreign memory is full of: the same read from either end, so that no byte order hides it.
constexpr std::uint64_t canary = 0xc53a9e71719e3ac5;

/// A slot of the page table in memory, as a processor would find it, and its guest word.
struct SlotWords {
    std::uint64_t d0 = 0;
    std::uint64_t d1 = 0;
    std::uint64_t guest_word = 0;
    bool operator==(const SlotWords&) const = default;
    bool used() const { return (d0 | d1 | guest_word) != 0; }
};

/// An entry that the partition knows of, to make other calls about it.
struct Note {
    std::uint64_t slot = 0;
    std::uint64_t d0 = 0;
};

/// What the partition's memory was written with.
struct Changes final : memory::WriteWatch {
    void written(LogicalAddr from, Bytes size) override;
    std::vector<bool> granules = std::vector<bool>(memory_size / tracked_granule);
};

/// A partition on the fake machine with foreign memory all around it. Under AddressSanitizer that memory is poisoned: who
/// only touches it is caught at once.
class Scene {
  public:
    Scene();
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    /// Everything as in the beginning, with the settings that the input asks for.
    void begin(Input& input);

    partition::Partition& partition() { return *partition_; }
    const partition::Partition& partition() const { return *partition_; }
    arch::FakeMachine& machine() { return machine_; }
    const arch::FakeMachine& machine() const { return machine_; }
    SlotWords slot(std::uint64_t index) const;
    /// Writes a slot as a processor, or a bug, would.
    void set_slot(std::uint64_t index, const SlotWords& words);

    /// Writes a word of foreign memory, as a bug would.
    void write_foreign(RealAddr address, std::uint64_t word);
    /// The place of the first foreign word that is no canary, looking `near` bytes deep from both ends of each range.
    const std::uint64_t* damaged(Bytes near) const;
    /// The real address of such a place.
    RealAddr real(const std::uint64_t* place) const;

    // The table as it was when it was looked at last, for TableCheck.
    std::vector<std::uint64_t> seen_entries = std::vector<std::uint64_t>(2 * slots);
    std::vector<std::uint64_t> seen_guest_words = std::vector<std::uint64_t>(slots);
    std::vector<std::uint64_t> guest_words = std::vector<std::uint64_t>(slots);

    std::array<Note, 8> notes{};
    std::uint32_t noted = 0;
    bool missing_injected = false;

  private:
    void reset_memory();
    void set_up_devices(Input& input);

    arch::FakeMachine machine_{foreign_tail + foreign_tail_size - arch::fake_real_base};
    std::unique_ptr<partition::Partition> partition_;
    Changes changed_;
    random::Source working_, broken_;
    partition::HomeNodes nodes_;
    partition::ProcessorPool pool_{.processors = 2, .entitled = 170};
};

} // namespace transom::hcall_fuzz
