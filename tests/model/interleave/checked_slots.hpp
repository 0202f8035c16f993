// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explorer.hpp"
#include "mutation.hpp"
#include <map>
#include <papr/hpt.hpp>
#include <transom/dual/twin_slots.hpp>

namespace transom::interleave {

/// What is shared beside words of the tables: places of steps.
enum Place : std::uint32_t {
    phase_place,
    groups_place,
    diversion_place,
    sections_place,
    first_tlb_place,
    first_walker_place = 8,
    first_word_place = 16
};
constexpr unsigned processors = 2;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced, usage = papr::d1::usage;

/// The words of a table's slots that a scene uses; all others are zero for ever, and looking at them is no step.
class CheckedMemory {
  public:
    CheckedMemory(std::uint32_t number, std::vector<papr::Ptex> used)
        : number_(number), used_(std::move(used)), words_(used_.size()) {}

    enum Word : std::uint32_t { d0, d1, guest };
    bool is_second() const { return number_ == 1; }
    /// It may be given back before the end, and then nobody is to use it.
    void watch() { watched_ = true; }
    bool watched() const { return watched_; }
    void give_back() { given_back_ = true; }
    bool is_given_back() const { return given_back_; }
    void check() const {
        if (given_back_ && watched_)
            Explorer::fail("R4: T2 is used after it was given back");
    }
    std::uint64_t* find(papr::Ptex slot, Word word) {
        for (std::size_t i = 0; i < used_.size(); ++i)
            if (used_[i] == slot)
                return &words_[i][word];
        return nullptr;
    }
    const std::vector<std::array<std::uint64_t, 3>>& words() const { return words_; }
    static constexpr std::uint32_t slots_apart = 8; // of the tables' places
    std::uint32_t place(papr::Ptex slot, Word word) const {
        std::uint32_t i = 0;
        while (used_[i] != slot)
            ++i;
        return first_word_place + (number_ * slots_apart + i) * 3 + word;
    }

  private:
    std::uint32_t number_;
    std::vector<papr::Ptex> used_;
    std::vector<std::array<std::uint64_t, 3>> words_;
    bool watched_ = false, given_back_ = false;
};

/// What an actor is doing, and what it has read: for mutations that concern it.
struct Doing {
    bool fault = false, sweep = false, look = false, holds_lock = false, flushed = false;
    std::map<std::uint32_t, std::uint64_t> seen; // by place, before it had the lock

    static Doing& now() { return all()[Explorer::actor()]; }
    static void reset() { all() = {}; }
    static void add_to(Digest& digest) {
        for (const Doing& doing : all()) {
            digest.add(doing.fault | doing.sweep << 1 | doing.holds_lock << 2 | doing.flushed << 3);
            for (const auto& [place, value] : doing.seen)
                digest.add(place ^ value);
        }
    }

  private:
    static std::array<Doing, Explorer::max_actors + 1>& all() {
        static std::array<Doing, Explorer::max_actors + 1> each;
        return each;
    }
};

/// The Slots of hpt::Table in which each access is a step.
class CheckedSlots {
  public:
    CheckedSlots() = default;
    CheckedSlots(CheckedMemory& memory, Mutation mutation) : memory_(&memory), mutation_(mutation) {}

    std::uint64_t d0(papr::Ptex slot) const { return load(slot, CheckedMemory::d0); }
    std::uint64_t d0_first(papr::Ptex slot) const { return load(slot, CheckedMemory::d0); }
    std::uint64_t d1(papr::Ptex slot) const { return load(slot, CheckedMemory::d1); }
    std::uint64_t guest_word(papr::Ptex slot) const { return load(slot, CheckedMemory::guest); }
    void set_d0(papr::Ptex slot, std::uint64_t value) { store(slot, CheckedMemory::d0, value); }
    void set_d1(papr::Ptex slot, std::uint64_t value) { store(slot, CheckedMemory::d1, value); }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { store(slot, CheckedMemory::guest, value); }
    void merge_d1(papr::Ptex slot, std::uint64_t bits) {
        if (mutation_ == Mutation::plain_merge)
            return set_d1(slot, d1(slot) | bits);
        std::uint64_t* const word = begin(slot, CheckedMemory::d1, true, true);
        *word |= bits;
    }
    bool lock(papr::Ptex slot, std::uint64_t bit) {
        std::uint64_t* const word = begin(slot, CheckedMemory::d0, true);
        if (word == nullptr)
            return true;
        if ((*word & bit) != 0 && mutation_ != Mutation::no_lock)
            return false;
        *word |= bit;
        Doing::now().holds_lock = true;
        return true;
    }
    void order() {}
    /// What follows is the bitmap of live groups, which the sweep looks at.
    void complete() { Explorer::step({.place = groups_place, .write = true, .blind = true}); }

  private:
    /// What a processor does for a fault depends on the phase, at any of its steps. The phase, again, goes on when there is
    /// nothing in T2: what takes the last entry away comes before or after that.
    std::uint32_t phase_too(CheckedMemory::Word word, bool write) const {
        const bool counts = memory_->is_second() && word == CheckedMemory::d0 && write;
        return Doing::now().fault || counts || memory_->watched() ? std::uint32_t{phase_place} : Step::nothing;
    }
    std::uint64_t* begin(papr::Ptex slot, CheckedMemory::Word word, bool write, bool blind = false) const {
        std::uint64_t* const at = memory_->find(slot, word);
        if (at == nullptr)
            return nullptr;
        Explorer::step({.place = memory_->place(slot, word),
                        .write = write,
                        .also_reads = phase_too(word, write),
                        .blind = blind});
        memory_->check();
        return at;
    }
    /// It goes by what it saw before it had the lock.
    bool trusts(CheckedMemory::Word word) const {
        const Doing& doing = Doing::now();
        return (mutation_ == Mutation::no_recheck && doing.fault && !memory_->is_second()) ||
               (mutation_ == Mutation::sweep_no_recheck && doing.sweep && memory_->is_second() &&
                word == CheckedMemory::d0);
    }
    bool merges_early() const {
        return mutation_ == Mutation::merge_before_flush && memory_->is_second() && Doing::now().sweep;
    }
    std::uint64_t load(papr::Ptex slot, CheckedMemory::Word word) const {
        Doing& doing = Doing::now();
        const bool there = memory_->find(slot, word) != nullptr;
        if (there && ((trusts(word) && doing.holds_lock) || (merges_early() && word == CheckedMemory::d1)))
            if (const auto seen = doing.seen.find(memory_->place(slot, word)); seen != doing.seen.end())
                return seen->second;
        const std::uint64_t* const at = begin(slot, word, false);
        if (at == nullptr)
            return 0;
        if (trusts(word))
            doing.seen[memory_->place(slot, word)] = *at;
        if (mutation_ == Mutation::look_skips_dropped && doing.look && word == CheckedMemory::d0 &&
            (*at & papr::d0::valid) == 0)
            return 0;
        return *at;
    }
    void store(papr::Ptex slot, CheckedMemory::Word word, std::uint64_t value) {
        std::uint64_t* const at = begin(slot, word, true, true);
        if (at == nullptr)
            return;
        if (memory_->is_second() && word == CheckedMemory::d1 && value != 0)
            value = spoiled(value);
        *at = value;
        Doing& doing = Doing::now();
        if (word == CheckedMemory::d0) {
            Explorer::changed(memory_->place(slot, word));
            if (!memory_->is_second())
                doing.holds_lock = doing.flushed = false;
            doing.seen.clear();
            if (merges_early() && value != 0 && (value & papr::d0::valid) == 0)
                doing.seen[memory_->place(slot, CheckedMemory::d1)] = *memory_->find(slot, CheckedMemory::d1);
        }
    }
    std::uint64_t spoiled(std::uint64_t d1) const {
        if (mutation_ == Mutation::load_grants_store && !dual::permits_store(d1))
            return (d1 & ~papr::d1::pp) | 2;
        if (mutation_ == Mutation::fill_sets_changed && dual::permits_store(d1))
            return d1 | papr::d1::usage;
        return d1;
    }

    CheckedMemory* memory_ = nullptr;
    Mutation mutation_ = Mutation::none;
};

/// The code under test, or with one thing wrong.
class MutableTwins : public dual::TwinSlots<CheckedSlots> {
  public:
    using Base = dual::TwinSlots<CheckedSlots>;
    /// Where the engine has forgotten them: who uses them all the same does so with the last ones, and is found.
    MutableTwins() : Base(last_first, last_second, *last_twins), mutation_(planted) {}
    MutableTwins(CheckedSlots first, CheckedSlots second, dual::Twins& twins)
        : Base(first, second, twins), mutation_(planted) {
        last_first = first;
        last_second = second;
        last_twins = &twins;
    }

    /// Of the slots that are made from now on.
    static inline Mutation planted = Mutation::none;

    void drop_twin(papr::Ptex slot) {
        if (mutation_ == Mutation::usage_before_flush)
            early_[slot.value] = second().d1(slot) & papr::d1::usage;
        if (mutation_ == Mutation::twin_stays || mutation_ == Mutation::twin_goes_last ||
            mutation_ == Mutation::twin_goes_late)
            return;
        Base::drop_twin(slot);
    }
    void set_d0(papr::Ptex slot, std::uint64_t value) {
        Base::set_d0(slot, value);
        if (mutation_ == Mutation::twin_goes_last && (value & papr::d0::valid) == 0)
            Base::drop_twin(slot);
    }
    std::uint64_t d1(papr::Ptex slot) const {
        if (mutation_ == Mutation::twins_usage_ignored)
            return const_cast<MutableTwins*>(this)->first().d1(slot);
        if (const auto early = early_.find(slot.value); early != early_.end())
            return const_cast<MutableTwins*>(this)->first().d1(slot) | early->second;
        return Base::d1(slot);
    }
    /// A step where somebody asks what has changed.
    void changed(papr::Ptex slot) {
        const bool of_sweep = Doing::now().sweep;
        if (mutation_ != Mutation::no_mark && !(mutation_ == Mutation::fold_does_not_mark && of_sweep) &&
            !(mutation_ == Mutation::mark_before_change && !of_sweep))
            mark(slot);
    }
    void forget_twin(papr::Ptex slot) {
        if (mutation_ == Mutation::mark_before_change)
            mark(slot);
        early_.erase(slot.value);
        if (mutation_ == Mutation::twin_goes_late)
            Base::drop_twin(slot);
        if (mutation_ != Mutation::twin_stays)
            Base::forget_twin(slot);
    }

  private:
    void mark(papr::Ptex slot) {
        if (!twins().sections.on())
            return;
        Explorer::step({.place = sections_place, .write = true});
        Base::changed(slot);
    }

    static inline dual::Twins no_twins;
    static inline CheckedSlots last_first, last_second;
    static inline dual::Twins* last_twins = &no_twins;

    Mutation mutation_ = Mutation::none;
    std::map<std::uint64_t, std::uint64_t> early_;
};

} // namespace transom::interleave
