// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checked_slots.hpp"
#include "resize_slots_mutable.hpp"
#include <arch/fake_machine.hpp>
#include <arch/tlb.hpp>
#include <transom/dual/resize_tables.hpp>

namespace transom::interleave {

constexpr unsigned large = 19, small = 18;

/// Two bolted pages whose groups differ in the large table and are one in the small one.
class ResizeScene : public Explorer::Run {
  public:
    static constexpr unsigned pages = 2;

    explicit ResizeScene(bool grows, ResizeFault fault = ResizeFault::none)
        : old_log2_(grows ? small : large), new_log2_(grows ? large : small) {
        MutableResizeSlots::planted = fault;
        MutableResizeSlots::portions = {};
        old_.used = slots(old_log2_);
        old_.first_place = first_word_place;
        next_.used = slots(new_log2_);
        next_.first_place = first_word_place + 8;
        next_.is_next = true;
        old_.fault = next_.fault = fault;
        invariant(memory_.add_block(RealAddr{0x3000000}), "block");
        table_.init(StepSlots(old_), old_log2_, {});
    }

    void begin() {
        tables_.begin(table_, StepSlots(next_), new_log2_);
        static_cast<void>(tables_.copy(0)); // the grace period is over
    }
    void copy() {
        const MutableResizeSlots::Portion portion;
        static_cast<void>(tables_.copy(~std::uint64_t{0} >> 1));
    }
    void change_over() {
        tables_.change_over();
        changed_ = old_.is_folded = true;
    }
    void fold() {
        const MutableResizeSlots::Portion portion;
        static_cast<void>(tables_.fold(~std::uint64_t{0} >> 1));
    }
    /// As a processor that walks the new table does.
    void use_next(unsigned page, std::uint64_t bits) {
        Explorer::step({.place = next_.place(place(page, new_log2_), 1), .write = true});
        (*next_.find(place(page, new_log2_)))[1] |= bits;
    }
    void put(unsigned page) { invariant(table_.restore({slot(page), entry(page)}, memory_).has_value(), "restore"); }
    void use_old(unsigned page, std::uint64_t bits) { (*old_.find(place(page, old_log2_)))[1] |= bits; }

    /// Whether it has been entered.
    bool enter(unsigned page) {
        hpt::Gprs gprs{};
        gprs[4] = papr::hpt_flag::exact;
        gprs[5] = slot(page).value;
        gprs[6] = entry(page).d0;
        gprs[7] = entry(page).d1;
        auto& t = tables_.table();
        auto pending = t.begin_enter(*hpt::EnterArgs::parse(gprs), memory_);
        if (!pending)
            return false;
        const hpt::Flushed flushed = discharge(pending->obligation());
        static_cast<void>(t.finish_enter(std::move(*pending), flushed));
        return true;
    }
    std::uint64_t remove(unsigned page) {
        auto& t = tables_.table();
        auto pending = t.begin_remove({slot(page), {}});
        if (!pending)
            return 0;
        const hpt::Flushed flushed = discharge(pending->obligation());
        return t.finish_remove(std::move(*pending), flushed).d1 & usage;
    }
    std::uint64_t clear(unsigned page, std::uint64_t bits) {
        return modify(tables_.table().begin_clear({slot(page)}, bits));
    }
    std::uint64_t protect(unsigned page) { return modify(tables_.table().begin_protect({slot(page), {}, 3})); }
    std::uint64_t read(unsigned page) { return tables_.table().read(slot(page))->d1 & usage; }
    void expect(std::uint64_t got, std::uint64_t wanted, const char* call) {
        if (got != wanted)
            Explorer::fail(std::string((wanted & ~got) != 0 ? "I3: R or C is lost by " : "I4: R or C is invented by ") +
                           call);
    }
    std::uint64_t usage_at_end(unsigned page) { return (*next_.find(place(page, new_log2_)))[1] & usage; }

    /// What is bolted in the old table is in the new one, or it is known that it has no room.
    std::string mirrored() {
        std::array<std::uint64_t, 3> expected_of_place[pages]{};
        bool collides = false;
        for (unsigned i = 0; i < pages; ++i) {
            const auto& here = *old_.find(place(i, old_log2_));
            if ((here[0] & papr::d0::valid) == 0)
                continue;
            auto& there = expected_of_place[place(0, new_log2_) == place(1, new_log2_) ? 0 : i];
            collides = collides || there[0] != 0;
            there = here;
        }
        if (collides)
            return tables_.full() ? "" : "two entries have one place, and nobody says so";
        if (tables_.full())
            return ""; // they had at one moment
        for (unsigned i = 0; i < pages; ++i) {
            const auto& there = *next_.find(place(i, new_log2_));
            const auto& expected = expected_of_place[place(0, new_log2_) == place(1, new_log2_) ? 0 : i];
            if (there[0] != expected[0] || there[2] != expected[2] || ((there[1] ^ expected[1]) & ~usage) != 0)
                return "page " + std::to_string(i) + " is in the new table as it is not in the old one";
        }
        return "";
    }

    std::vector<Explorer::Actor> actors() override { return actors_; }
    std::string after_step() override { return ""; }
    std::string at_end() override { return end_ ? end_(*this) : changed_ ? "" : mirrored(); }
    template <class F> void add(F body) { actors_.emplace_back(body); }
    void at_end_check(std::function<std::string(ResizeScene&)> end) { end_ = std::move(end); }

  protected:
    virtual hpt::Flushed discharge(const hpt::FlushObligation& obligation) {
        return arch::Tlb::discharge(obligation, 1);
    }
    static hpt::SegmentOffset where(unsigned page) {
        return {papr::SegmentSize::mib_256, 5, std::uint64_t{page} << 11 << 16};
    }
    static papr::PageTableEntry entry(unsigned page) {
        return {hpt::virtual_page_field(where(page), papr::PageSize::kib_64) | papr::d0::large | papr::d0::bolted |
                    papr::d0::valid,
                std::uint64_t{page} << 16 | 0x1000 | papr::d1::wimg_memory | 2};
    }
    static Ptex place(unsigned page, unsigned log2_bytes) {
        return papr::ptex(hpt::group_of(hpt::primary_hash(where(page), papr::PageSize::kib_64), log2_bytes), 0);
    }
    static constexpr bool pages_share(unsigned log2_bytes) { return log2_bytes == small; }
    static std::vector<Ptex> slots(unsigned log2_bytes) {
        std::vector<Ptex> list{place(0, log2_bytes)};
        if (!pages_share(log2_bytes))
            list.push_back(place(1, log2_bytes));
        return list;
    }
    Ptex slot(unsigned page) const { return place(page, changed_ ? new_log2_ : old_log2_); }
    std::uint64_t modify(hpt::Attempt<hpt::Pending<hpt::ModifyWork>> pending) {
        if (!pending)
            return 0;
        const hpt::Flushed flushed = discharge(pending->obligation());
        return tables_.table().finish_modify(std::move(*pending), flushed) & usage;
    }

    arch::FakeMachine machine_{4096};
    unsigned old_log2_, new_log2_;
    StepMemory old_, next_;
    hpt::Table<StepSlots> table_;
    memory::LogicalMemory memory_;
    dual::ResizeTables<StepSlots, MutableResizeSlots> tables_;
    bool changed_ = false;
    std::vector<Explorer::Actor> actors_;
    std::function<std::string(ResizeScene&)> end_;
};

} // namespace transom::interleave
