// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/tlb.hpp>
#include <gmock/gmock.h>
#include <hpt_fixture.hpp>
#include <map>
#include <transom/dual/resize_tables.hpp>

namespace transom::dual {

/// A page that the partition maps, and how.
struct ResizePage {
    std::uint64_t vsid = 0;
    std::uint64_t number = 0; // in its segment
    papr::SegmentSize segment = papr::SegmentSize::mib_256;
    bool small = false; // 4 KiB, else 64 KiB

    papr::PageSize base() const { return small ? papr::PageSize::kib_4 : papr::PageSize::kib_64; }
    hpt::SegmentOffset place() const { return {segment, vsid, number << papr::shift(base())}; }
    std::uint64_t d0(std::uint64_t more = 0) const {
        return hpt::virtual_page_field(place(), base()) | papr::d0::valid | (small ? 0 : papr::d0::large) | more;
    }
    /// A page of the 64 MiB of the partition's memory.
    std::uint64_t d1(std::uint64_t more = 0) const {
        const std::uint64_t logical = (number * 7 % 1024) << 16;
        return logical | (small ? 0 : 0x1000) | papr::d1::wimg_memory | more;
    }
    papr::GroupIndex group(bool secondary, unsigned log2_bytes) const {
        const std::uint64_t hash = hpt::primary_hash(place(), base());
        return hpt::group_of(secondary ? ~hash : hash, log2_bytes);
    }
};

/// A page table, and the one of another size that takes its place; calls go where they would go.
struct ResizeScene {
    using Tables = ResizeTables<hpt::RecordedSlots>;

    ResizeScene(unsigned old_log2, unsigned new_log2, const hpt::TableOptions& options = {})
        : new_log2(new_log2), old(old_log2), next(new_log2) {
        table.init(hpt::RecordedSlots(old), old_log2, options);
        for (const std::uint64_t block : {7, 3, 9, 2})
            invariant(memory.add_block({block * memory::block_size}), "too many blocks");
    }

    void begin() {
        tables.begin(table, hpt::RecordedSlots(next), new_log2);
        diverted = true;
    }
    void copy_all() {
        while (!tables.copy(1000)) {}
    }
    void change_over() {
        tables.change_over();
        changed = true;
    }
    void fold_all() {
        while (!tables.fold(1000)) {}
    }
    hpt::RecordedMemory& walked() { return changed ? next : old; }

    template <class F> auto with_table(F f) { return diverted ? f(tables.table()) : f(table); }

    std::expected<papr::Ptex, hpt::TableError> enter(papr::GroupIndex group, papr::PageTableEntry entry) {
        hpt::Gprs gprs{};
        gprs[5] = papr::ptex(group, 0).value;
        gprs[6] = entry.d0;
        gprs[7] = entry.d1;
        return with_table([&](auto& t) -> std::expected<papr::Ptex, hpt::TableError> {
            const auto args = hpt::EnterArgs::parse(gprs);
            if (!args)
                return std::unexpected(args.error());
            auto pending = t.begin_enter(*args, memory);
            if (!pending)
                return std::unexpected(pending.error());
            const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
            return t.finish_enter(std::move(*pending), flushed);
        });
    }
    /// With the first slot that is free of the page's primary group, or its secondary one.
    papr::Ptex enter(const ResizePage& page, std::uint64_t more_d0, std::uint64_t more_d1 = 2, bool secondary = false) {
        const unsigned log2_bytes = changed ? new_log2 : table.log2_bytes();
        const auto slot = enter(page.group(secondary, log2_bytes),
                                {page.d0(more_d0 | (secondary ? papr::d0::secondary : 0)), page.d1(more_d1)});
        EXPECT_TRUE(slot.has_value());
        return slot.value_or(papr::Ptex{});
    }
    std::expected<papr::PageTableEntry, hpt::TableError> remove(papr::Ptex slot) {
        return with_table([&](auto& t) -> std::expected<papr::PageTableEntry, hpt::TableError> {
            auto pending = t.begin_remove({slot, {}});
            if (!pending)
                return std::unexpected(pending.error());
            const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
            return t.finish_remove(std::move(*pending), flushed);
        });
    }
    template <class T> std::expected<std::uint64_t, hpt::TableError> finish(T& t, auto pending) {
        if (!pending)
            return std::unexpected(pending.error());
        const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
        return t.finish_modify(std::move(*pending), flushed);
    }
    std::expected<std::uint64_t, hpt::TableError> protect(papr::Ptex slot, std::uint64_t bits) {
        return with_table([&](auto& t) { return finish(t, t.begin_protect({slot, {}, bits})); });
    }
    std::expected<std::uint64_t, hpt::TableError> clear(papr::Ptex slot, std::uint64_t usage) {
        return with_table([&](auto& t) { return finish(t, t.begin_clear({slot}, usage)); });
    }
    papr::PageTableEntry read(papr::Ptex slot) {
        return with_table([&](auto& t) { return *t.read(slot); });
    }
    void clear_table() {
        with_table([&](auto& t) {
            ASSERT_TRUE(t.begin_clear());
            while (const auto batch = t.begin_clear_batch())
                t.finish_clear_batch(*batch, arch::Tlb::flush_partition(1));
            t.end_clear();
        });
    }
    /// As a processor that walks that table does.
    void use(hpt::RecordedMemory& walked, papr::Ptex slot, std::uint64_t usage) {
        walked.entries[slot.value][1] |= usage;
    }
    bool is_there(const hpt::RecordedMemory& memory, papr::Ptex slot) const {
        return (memory.entries[slot.value][0] & papr::d0::valid) != 0;
    }
    papr::Ptex image(const ResizePage& page, papr::Ptex slot, bool secondary = false) const {
        return papr::ptex(page.group(secondary, new_log2), slot.slot());
    }

    arch::FakeMachine machine{kib(64)};
    unsigned new_log2;
    hpt::RecordedMemory old, next;
    hpt::Table<hpt::RecordedSlots> table;
    memory::LogicalMemory memory;
    Tables tables;
    bool diverted = false, changed = false;
};

} // namespace transom::dual
