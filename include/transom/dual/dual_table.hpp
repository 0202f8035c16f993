// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <transom/dual/twin_slots.hpp>
#include <transom/hpt/table.hpp>

namespace transom::dual {

/// What becomes of a processor that has missed in T2.
enum class FaultAnswer : std::uint8_t {
    again,        // the access is to be made again
    reflect,      // the partition's own: it gets the interrupt, with this cause
    missing,      // a page is not here: nothing has changed; fetch it, then make the access again
    change_table, // T2 is over: the processor is to go on with T1
};

struct FaultOutcome {
    FaultAnswer answer = FaultAnswer::again;
    std::uint64_t cause = 0; // bits of dual::cause
    LogicalAddr page{};      // that is missing, and how large it is
    Bytes size = 0;
    Bytes stores = 0; // again: of the page, which may be stored to now, and could not before
};

struct FillWork {
    std::uint64_t first_d0 = 0;
    hpt::HardwareEntry second; // without R and C
    bool write = false;        // else it is there already
    bool upgrade = false;
};

/// What the sweep does with an entry of T2 whose R and C T1 gets.
enum class Fold : std::uint8_t {
    evict,     // it goes
    read_only, // it stays, and the next store faults
};

struct FoldWork {
    std::uint64_t first_d0 = 0;
    bool theirs = false; // T1 has it: otherwise it just goes
};

enum class FoldError : std::uint8_t {
    nothing,    // no entry
    up_to_date, // it permits no stores and has no C, and T1 has its R
    locked,     // whoever has the lock is changing it anyway, or will be done soon
};

/// The page table of a partition with two tables: the calls' (hpt::Table over twins), and what the hypervisor does in it. `Pair`
/// is TwinSlots<Slots>.
template <class Pair> class DualTable : public hpt::Table<Pair> {
  public:
    using Table = hpt::Table<Pair>;

    /// A processor on T2 has missed with that access. With a value the slot is locked, and finish_fill is next.
    std::expected<hpt::Pending<FillWork>, FaultOutcome> begin_fill(const Access& access);
    /// How much may be stored to now, and could not before.
    Bytes finish_fill(hpt::Pending<FillWork> pending, const hpt::Flushed& receipt);

    /// Never waits, so that the caller may hold several begun at once. The same `fold` finishes it. `nobody_walks`: T2's TLB entries are all gone and none comes,
    /// so that there is no obligation.
    std::expected<hpt::Pending<FoldWork>, FoldError> begin_fold(papr::Ptex slot, Fold fold, bool nobody_walks);
    void finish_fold(hpt::Pending<FoldWork> pending, const hpt::Flushed& receipt, Fold fold);

    /// Gives what a section of T1 holds for the partition, slot by slot. Then it counts as not changed, but for what changes meanwhile. T1 has the
    /// R and C that it gives, so that what T2 has and T1 has not is newer.
    template <class Give> void read_section(hpt::Section section, Give give);
    /// Marks the section of a group if T2 has R or C there that T1 lacks; who reads the section brings them to T1. True: the machine can set no
    /// more in the group's entries. False: it can, or somebody is changing one of them.
    bool mark_newer_usage(papr::GroupIndex group);

    /// Brings the place of the page in a slot of T1 up to date (PageTracking::place); nobody walks T1.
    void place_again(papr::Ptex slot);

    /// Puts what is in a slot of T1 into the same slot of another memory, `to`, which nobody walks. What changes afterwards marks its section.
    template <class To> void copy_first(papr::Ptex slot, To& to);
    /// T1's slots are there from now on, with the same contents. Nobody is inside.
    void move_first(const typename Pair::Single& first_slots) { first() = first_slots; }

    /// Whether a slot of T2 is in use.
    bool has_twin(papr::Ptex slot) { return (second().d0(slot) & papr::d0::valid) != 0; }
    bool is_vacant(papr::Ptex slot) { return second().d0(slot) == 0; }
    /// Whether it is in use, or just being dropped and not flushed yet, with a page in that range of real memory.
    bool is_used_in(papr::Ptex slot, RealRange range) {
        return !is_vacant(slot) && range.contains(hpt::place_of(this->options_.format, second().d1(slot), kib(4)));
    }

  private:
    using Contents = typename Table::Contents;
    struct Key {
        std::uint64_t field; // B and AVPN in the partition's format
        papr::PageSize base;
        bool secondary;
    };
    auto& first() { return this->slots_.first(); }
    auto& second() { return this->slots_.second(); }
    Twins& twins() { return this->slots_.twins(); }
    bool is(const Contents& held, const Key& key, bool valid_or_not) const;
    std::optional<Contents> lock_page(papr::Ptex slot, const Key& key);
    /// What the partition sees in a slot; of a valid entry T1 has the R and C of both afterwards.
    papr::PageTableEntry joined(papr::Ptex slot);
    std::expected<hpt::Pending<FillWork>, FaultOutcome> fill_locked(papr::Ptex slot, const Contents& held,
                                                                    const Access& access);
    /// The d1 of T1 with the page where it is now.
    std::uint64_t placed(papr::Ptex slot, std::uint64_t d1);
    /// What a read-only fold leaves as it is.
    static bool is_folded(std::uint64_t d1) { return !permits_store(d1) && (d1 & papr::d1::changed) == 0; }
    void unlock(papr::Ptex slot, std::uint64_t d0) { first().set_d0(slot, d0); }
};

} // namespace transom::dual
