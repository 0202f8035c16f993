// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"
#include <arch/clock.hpp>
#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/migrate/record.hpp>
#include <transom/migrate/source_table.hpp>

namespace transom::migrate {

namespace {

static_assert(hpt::slots_per_section <= max_table_entries, "a full section has to go into one record");

/// Of a table that nobody changes.
template <class Give> void read_section(hpt::HashedPageTable& table, hpt::Section section, Give give) {
    for (auto used = table.next_used(section.begin(), section.end()); used;
         used = table.next_used({used->slot.value + 1}, section.end()))
        give(*used);
}

} // namespace

void SourceTable::begin(partition::Partition& partition) {
    partition_ = &partition;
    next_ = last();
}

bool SourceTable::has_twins() const {
    return partition_ != nullptr && partition_->dual != nullptr && partition_->dual->has_twins();
}

const dual::ChangedSections* SourceTable::changed() const {
    return has_twins() && partition_->dual->sections().on() ? &partition_->dual->sections() : nullptr;
}

void SourceTable::begin_round() {
    next_ = changed() != nullptr ? hpt::Section{} : last();
    look_.restart();
}

void SourceTable::begin_stop() {
    next_ = {};
    look_.restart();
}

bool SourceTable::look() {
    if (changed() == nullptr)
        return true;
    dual::PartitionEngine& engine = *partition_->dual;
    return look_.interval(engine.table(), engine.twins(), {}, arch::timebase);
}

std::uint64_t SourceTable::left() const { return changed() != nullptr ? changed()->count(last()) : last().value; }

std::optional<TablePortion> SourceTable::next(std::span<std::byte> to) {
    const dual::ChangedSections* const marks = changed();
    const hpt::Section first = marks != nullptr ? marks->next(next_, last()) : next_;
    if (first == last()) {
        next_ = first;
        return {};
    }
    PayloadWriter out(to.subspan(sizeof(TableSectionsRecord)));
    TablePortion portion;
    const auto put = [&](const hpt::UsedSlot& used) {
        out.put(TableEntryRecord{used.slot.value, used.entry.d0, used.entry.d1});
        ++portion.entries;
    };
    hpt::Section section = first;
    do {
        if (has_twins())
            partition_->dual->table().read_section(section, put);
        else
            read_section(partition_->hpt, section, put);
        ++portion.sections;
        ++section.value;
    } while (section < last() && portion.sections < max_table_sections &&
             portion.entries + hpt::slots_per_section <= max_table_entries &&
             (marks == nullptr || marks->is_marked(section)));
    next_ = section;
    const TableSectionsRecord header{first.value, portion.sections};
    std::memcpy(to.data(), &header, sizeof header);
    portion.bytes = sizeof header + out.size();
    return portion;
}

} // namespace transom::migrate
