// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <papr/hpt.hpp>
#include <vector>

namespace transom::hpt {

/// The memory of a table in a test: it remembers every store and gives a model of the machine a turn before each.
struct RecordedMemory {
    enum class Kind : std::uint8_t { store_d0, store_d1, order, complete, flush };
    struct Event {
        Kind kind;
        std::uint64_t slot = 0;
        std::uint64_t value = 0;
    };

    explicit RecordedMemory(unsigned log2_bytes)
        : entries(std::size_t{1} << (log2_bytes - papr::log2_entry_size)), guest_words(entries.size()) {}

    void record(Event event) {
        if (machine_turn)
            machine_turn();
        events.push_back(event);
    }

    std::vector<std::array<std::uint64_t, 2>> entries;
    std::vector<std::uint64_t> guest_words;
    std::vector<Event> events;
    std::function<void()> machine_turn;
    bool loses_merges = false; // a defect
};

/// The Slots of Table over a RecordedMemory.
class RecordedSlots {
  public:
    RecordedSlots() = default;
    explicit RecordedSlots(RecordedMemory& memory) : memory_(&memory) {}

    std::uint64_t d0(papr::Ptex slot) const { return memory_->entries[slot.value][0]; }
    std::uint64_t d0_first(papr::Ptex slot) const { return d0(slot); }
    std::uint64_t d1(papr::Ptex slot) const { return memory_->entries[slot.value][1]; }
    void set_d0(papr::Ptex slot, std::uint64_t value) {
        memory_->record({RecordedMemory::Kind::store_d0, slot.value, value});
        memory_->entries[slot.value][0] = value;
    }
    void set_d1(papr::Ptex slot, std::uint64_t value) {
        memory_->record({RecordedMemory::Kind::store_d1, slot.value, value});
        memory_->entries[slot.value][1] = value;
    }
    void merge_d1(papr::Ptex slot, std::uint64_t bits) {
        if (!memory_->loses_merges)
            set_d1(slot, d1(slot) | bits);
    }
    bool lock(papr::Ptex slot, std::uint64_t bit) {
        if ((d0(slot) & bit) != 0)
            return false;
        set_d0(slot, d0(slot) | bit);
        return true;
    }
    std::uint64_t guest_word(papr::Ptex slot) const { return memory_->guest_words[slot.value]; }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { memory_->guest_words[slot.value] = value; }
    void order() { memory_->record({RecordedMemory::Kind::order}); }
    void complete() { memory_->record({RecordedMemory::Kind::complete}); }

  private:
    RecordedMemory* memory_ = nullptr;
};

} // namespace transom::hpt
