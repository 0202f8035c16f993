// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/relocate/table_move.hpp>

namespace transom::relocate {

namespace {

constexpr unsigned most_rounds = 10;
/// So few sections are copied while nobody is inside: some milliseconds of an emulated processor's.
constexpr std::uint64_t few_sections = 16;

} // namespace

void TableMove::begin(partition::Partition& partition, RealAddr to) {
    invariant(!under_way(), "a page table moves while another one does");
    partition_ = &partition;
    from_ = partition.hpt.address();
    to_ = to;
    next_ = {};
    rounds_ = 0;
    stopped_at_ = stopped_ticks_ = 0;
    for (hpt::Section each; each < end(); ++each.value)
        partition.dual->sections().mark(each.begin());
    step_ = Step::copying;
}

hpt::Section TableMove::end() const { return {hpt::sections_of(partition_->hpt.slot_count())}; }

bool TableMove::work(std::uint64_t ticks) {
    const std::uint64_t began = arch::timebase();
    switch (step_) {
    case Step::idle:
        return false;
    case Step::copying:
        if (!copy_changed(began, ticks))
            return false;
        next_ = {};
        if (partition_->dual->sections().count(end()) <= few_sections) {
            stopped_at_ = arch::timebase();
            step_ = Step::stopping;
        } else if (++rounds_ == most_rounds) {
            step_ = Step::outrun;
        }
        return false;
    case Step::outrun:
        return false;
    case Step::stopping:
        if (!roster_.suspend(*partition_))
            return false;
        static_cast<void>(copy_changed(began, ~std::uint64_t{0}));
        change_over();
        roster_.resume(*partition_);
        stopped_ticks_ = arch::timebase() - stopped_at_;
        step_ = Step::idle;
        return true;
    }
    return false;
}

/// True: it has been at all that were marked.
bool TableMove::copy_changed(std::uint64_t began, std::uint64_t ticks) {
    dual::ChangedSections& sections = partition_->dual->sections();
    while ((next_ = sections.next(next_, end())) != end()) {
        sections.take(next_); // before it is read
        copy(next_);
        ++next_.value;
        if (arch::timebase() - began >= ticks)
            return false;
    }
    return true;
}

void TableMove::copy(hpt::Section section) {
    const unsigned log2_bytes = partition_->hpt.log2_bytes();
    hpt::RealSlots there(to_, hpt::guest_words_behind(to_, log2_bytes));
    auto& table = partition_->dual->table();
    for (papr::Ptex slot = section.begin(); slot < section.end(); ++slot.value)
        table.copy_first(slot, there);
}

void TableMove::change_over() {
    partition_->hpt.move_to(to_);
    partition_->dual->table().move_first(partition_->hpt.slots());
    arch::set_page_table(partition_->lpid, partition_->hpt.root());
    static_cast<void>(arch::Tlb::flush_partition(partition_->dual->lpids().of_first()));
}

void TableMove::give_up() {
    if (step_ == Step::stopping)
        roster_.resume(*partition_);
    step_ = Step::idle;
}

} // namespace transom::relocate
