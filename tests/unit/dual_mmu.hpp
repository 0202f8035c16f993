// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <recorded_slots.hpp>
#include <transom/dual/protection.hpp>
#include <transom/hpt/hash.hpp>
#include <vector>

namespace transom::dual {

/// The pages of the tests: 64 KiB in segments of 1 TiB.
struct Page {
    std::uint64_t vsid = 0, number = 0;
    hpt::SegmentOffset place() const { return {papr::SegmentSize::tib_1, vsid, number << 16}; }
    std::uint64_t hash() const { return hpt::primary_hash(place(), papr::PageSize::kib_64); }
    auto operator<=>(const Page&) const = default;
};

/// A physical processor's MMU, written from the architecture alone: it searches the table that it is pointed at, loads valid entries into
/// its TLB, knows them by LPID and page, not by table, keeps them until told otherwise, and sets R at a load, C at the first store, in
/// the slot from which it loaded.
class Mmu {
  public:
    explicit Mmu(hpt::Format format, unsigned log2_bytes) : format_(format), log2_bytes_(log2_bytes) {}

    /// 0 where the access was made; else the cause of the interrupt.
    std::uint64_t access(hpt::RecordedMemory& table, std::uint32_t lpid, const Access& access) {
        Held* held = find(lpid, access);
        if (held == nullptr) {
            const auto slot = walk(table, access);
            if (!slot)
                return cause::no_entry | (access.kind == AccessKind::store ? cause::store : 0);
            auto& d1 = table.entries[slot->value][1];
            if (const std::uint64_t refused = refused_by(access, d1); refused != 0)
                return refused;
            d1 |= papr::d1::referenced;
            tlb_.push_back({&table, lpid, access.place.vsid, access.place.offset >> 16, *slot, d1});
            held = &tlb_.back();
        }
        if (const std::uint64_t refused = refused_by(access, held->d1); refused != 0)
            return refused;
        if (access.kind == AccessKind::store && (held->d1 & papr::d1::changed) == 0) {
            held->d1 |= papr::d1::changed;
            held->table->entries[held->slot.value][1] |= papr::d1::changed;
        }
        return 0;
    }

    void flush(std::uint32_t lpid, const std::optional<hpt::VirtualPage>& page) {
        std::erase_if(tlb_, [&](const Held& held) {
            return held.lpid == lpid && (!page || page->address == (held.vsid << 40 | held.number << 16));
        });
    }
    /// What the world switch does where Entry::flush says so.
    void flush(std::uint32_t lpid) { flush(lpid, {}); }
    std::size_t held(std::uint32_t lpid) const {
        return static_cast<std::size_t>(
            std::count_if(tlb_.begin(), tlb_.end(), [&](const Held& h) { return h.lpid == lpid; }));
    }

  private:
    struct Held {
        hpt::RecordedMemory* table;
        std::uint32_t lpid;
        std::uint64_t vsid, number;
        papr::Ptex slot;
        std::uint64_t d1;
    };
    Held* find(std::uint32_t lpid, const Access& access) {
        for (Held& held : tlb_)
            if (held.lpid == lpid && held.vsid == access.place.vsid && held.number == access.place.offset >> 16)
                return &held;
        return nullptr;
    }
    std::optional<papr::Ptex> walk(const hpt::RecordedMemory& table, const Access& access) const {
        const std::uint64_t hash = hpt::primary_hash(access.place, papr::PageSize::kib_64);
        const std::uint64_t wanted = hpt::virtual_page_field(access.place, papr::PageSize::kib_64);
        for (const bool secondary : {false, true})
            for (unsigned i = 0; i < 8; ++i) {
                const papr::Ptex slot = papr::ptex(hpt::group_of(secondary ? ~hash : hash, log2_bytes_), i);
                const auto& words = table.entries[slot.value];
                const std::uint64_t d0 = hpt::to_papr_d0(format_, {words[0], words[1]});
                if ((d0 & papr::d0::valid) != 0 && (d0 & papr::d0::compared) == wanted &&
                    ((d0 & papr::d0::secondary) != 0) == secondary)
                    return slot;
            }
        return {};
    }
    /// Power ISA 3.0B Book III figures of 5.7.11.5, by PP0 and PP: W stores and loads, R loads, N nothing.
    static std::uint64_t refused_by(const Access& access, std::uint64_t d1) {
        const unsigned pp = static_cast<unsigned>(d1 >> 63 << 2 | (d1 & 3));
        const char may = (access.key ? "NRWRNNNN" : "WWWRNNRN")[pp];
        if (access.kind == AccessKind::fetch && (d1 & 4) != 0)
            return cause::no_execute;
        if (access.kind == AccessKind::store)
            return may == 'W' ? 0 : cause::protection | cause::store;
        return may == 'N' ? cause::protection : 0;
    }

    hpt::Format format_;
    unsigned log2_bytes_;
    std::vector<Held> tlb_;
};

} // namespace transom::dual
