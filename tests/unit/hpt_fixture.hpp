// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <arch/tlb.hpp>
#include <gmock/gmock.h>
#include <recorded_slots.hpp>
#include <string>
#include <transom/base/panic.hpp>
#include <transom/hpt/real_mode_impl.hpp>
#include <transom/hpt/removal_impl.hpp>
#include <transom/hpt/table_impl.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::hpt {

constexpr unsigned test_log2_bytes = 18;

inline const auto every_format = testing::Values(Format::isa_2_07, Format::isa_3_0, Format::odd);
inline std::string format_name(const testing::TestParamInfo<Format>& format) {
    return format.param == Format::isa_2_07 ? "isa_2_07" : format.param == Format::isa_3_0 ? "isa_3_0" : "odd";
}

/// A table over recorded memory with the obligations discharged at once, and 64 MiB of logical memory whose blocks lie
/// in another order in real memory.
struct TestTable {
    explicit TestTable(const TableOptions& options = {}) : slots(test_log2_bytes) {
        table.init(RecordedSlots(slots), test_log2_bytes, options);
        for (const std::uint64_t block : {7, 3, 9, 2})
            invariant(memory.add_block({block * memory::block_size}), "too many blocks");
    }

    Flushed discharge(const FlushObligation& obligation) {
        if (obligation) {
            slots.record({RecordedMemory::Kind::flush});
            if (on_flush)
                on_flush(*obligation);
        }
        return arch::Tlb::discharge(obligation, 1);
    }

    std::expected<papr::Ptex, TableError> enter(papr::Ptex slot, papr::PageTableEntry entry, bool exact = false) {
        Gprs gprs{};
        gprs[4] = exact ? papr::hpt_flag::exact : 0;
        gprs[5] = slot.value;
        gprs[6] = entry.d0;
        gprs[7] = entry.d1;
        const auto args = EnterArgs::parse(gprs);
        if (!args)
            return std::unexpected(args.error());
        auto pending = table.begin_enter(*args, memory);
        if (!pending)
            return std::unexpected(pending.error());
        const Flushed flushed = discharge(pending->obligation());
        return table.finish_enter(std::move(*pending), flushed);
    }
    std::expected<papr::PageTableEntry, TableError> remove(papr::Ptex slot, Condition condition = {}) {
        auto pending = table.begin_remove({slot, condition});
        if (!pending)
            return std::unexpected(pending.error());
        const Flushed flushed = discharge(pending->obligation());
        return table.finish_remove(std::move(*pending), flushed);
    }
    std::expected<std::uint64_t, TableError> protect(papr::Ptex slot, std::uint64_t bits, Condition condition = {}) {
        return modify(table.begin_protect({slot, condition, bits}));
    }
    std::expected<std::uint64_t, TableError> clear(papr::Ptex slot, std::uint64_t usage) {
        return modify(table.begin_clear({slot}, usage));
    }
    papr::PageTableEntry read(papr::Ptex slot) { return *table.read(slot); }

    std::expected<std::uint64_t, TableError> modify(Attempt<Pending<ModifyWork>> pending) {
        if (!pending)
            return std::unexpected(pending.error());
        const Flushed flushed = discharge(pending->obligation());
        return table.finish_modify(std::move(*pending), flushed);
    }

    arch::FakeMachine machine{kib(64)};
    RecordedMemory slots;
    memory::LogicalMemory memory;
    Table<RecordedSlots> table;
    std::function<void(const VirtualPage&)> on_flush;
};

/// A valid 64 KiB entry of a 1 TiB segment with pp 10.
inline papr::PageTableEntry entry_for(std::uint64_t vsid, std::uint64_t page, std::uint64_t more_d0 = 0) {
    const SegmentOffset place{papr::SegmentSize::tib_1, vsid, page << 16};
    return {virtual_page_field(place, papr::PageSize::kib_64) | papr::d0::large | papr::d0::valid | more_d0,
            page << 16 | 0x1000 | papr::d1::wimg_memory | 2};
}
inline papr::Ptex group_for(std::uint64_t vsid, std::uint64_t page) {
    const SegmentOffset place{papr::SegmentSize::tib_1, vsid, page << 16};
    return papr::ptex(group_of(primary_hash(place, papr::PageSize::kib_64), test_log2_bytes), 0);
}

} // namespace transom::hpt
