// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <papr/hpt.hpp>
#include <utility>
#include <vector>

namespace transom::hpt {

/// For how long slots are locked: counted in accesses to the memory of tables, of which there may be several.
class HoldMeter {
  public:
    void step() { ++steps_; }
    void locked(std::uint64_t slot) { since_[slot] = steps_; }
    void stored_d0(std::uint64_t slot, bool locked) {
        if (const auto held = since_.find(slot); held != since_.end() && !locked) {
            longest_ = std::max(longest_, steps_ - held->second);
            since_.erase(held);
        }
    }
    /// Of the locks that have been given up since this was asked last.
    std::uint64_t take_longest() { return std::exchange(longest_, 0); }

  private:
    std::uint64_t steps_ = 0, longest_ = 0;
    std::map<std::uint64_t, std::uint64_t> since_;
};

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
        step();
        if (machine_turn)
            machine_turn();
        events.push_back(event);
    }

    void step() {
        if (holds != nullptr)
            holds->step();
    }

    std::vector<std::array<std::uint64_t, 2>> entries;
    std::vector<std::uint64_t> guest_words;
    std::vector<Event> events;
    std::function<void()> machine_turn;
    HoldMeter* holds = nullptr; // counts accesses, and locks where
    bool has_locks = true;      // this is a first table
    bool loses_merges = false;  // a defect
};

/// The Slots of Table over a RecordedMemory.
class RecordedSlots {
  public:
    RecordedSlots() = default;
    explicit RecordedSlots(RecordedMemory& memory) : memory_(&memory) {}

    std::uint64_t d0(papr::Ptex slot) const {
        memory_->step();
        return memory_->entries[slot.value][0];
    }
    std::uint64_t d0_first(papr::Ptex slot) const { return d0(slot); }
    std::uint64_t d1(papr::Ptex slot) const {
        memory_->step();
        return memory_->entries[slot.value][1];
    }
    void set_d0(papr::Ptex slot, std::uint64_t value) {
        memory_->record({RecordedMemory::Kind::store_d0, slot.value, value});
        memory_->entries[slot.value][0] = value;
        if (memory_->holds != nullptr && memory_->has_locks)
            memory_->holds->stored_d0(slot.value, (value & 0x40) != 0);
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
        if (memory_->holds != nullptr)
            memory_->holds->locked(slot.value);
        return true;
    }
    std::uint64_t guest_word(papr::Ptex slot) const {
        memory_->step();
        return memory_->guest_words[slot.value];
    }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) {
        memory_->step();
        memory_->guest_words[slot.value] = value;
    }
    void order() { memory_->record({RecordedMemory::Kind::order}); }
    void complete() { memory_->record({RecordedMemory::Kind::complete}); }

  private:
    RecordedMemory* memory_ = nullptr;
};

} // namespace transom::hpt
