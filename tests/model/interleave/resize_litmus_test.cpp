// SPDX-License-Identifier: Apache-2.0
// A page table and the one of another size beside it: calls against the copy, against one another where two slots of the one have one place in
// the other, and against the fold. L8.
#include "explorer.hpp"
#include <arch/fake_machine.hpp>
#include <arch/tlb.hpp>
#include <gtest/gtest.h>
#include <transom/base/panic.hpp>
#include <transom/dual/resize_tables.hpp>

namespace transom::interleave {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced, usage = papr::d1::usage;
constexpr unsigned large = 19, small = 18;

/// The words of the slots that a scene uses; all others are zero for ever, and looking at them is no step.
struct StepMemory {
    std::uint32_t first_place = 0;
    std::vector<Ptex> used;
    std::array<std::array<std::uint64_t, 3>, 2> words{};

    std::array<std::uint64_t, 3>* find(Ptex slot) {
        for (std::size_t i = 0; i < used.size(); ++i)
            if (used[i] == slot)
                return &words[i];
        return nullptr;
    }
};

class StepSlots {
  public:
    StepSlots() = default;
    explicit StepSlots(StepMemory& memory) : memory_(&memory) {}

    std::uint64_t d0(Ptex slot) const { return load(slot, 0); }
    std::uint64_t d0_first(Ptex slot) const { return load(slot, 0); }
    std::uint64_t d1(Ptex slot) const { return load(slot, 1); }
    std::uint64_t guest_word(Ptex slot) const { return load(slot, 2); }
    void set_d0(Ptex slot, std::uint64_t value) {
        if (std::uint64_t* const at = begin(slot, 0, true)) {
            *at = value;
            Explorer::changed(place(slot, 0));
        }
    }
    void set_d1(Ptex slot, std::uint64_t value) { *begin(slot, 1, true) = value; }
    void set_guest_word(Ptex slot, std::uint64_t value) { *begin(slot, 2, true) = value; }
    void merge_d1(Ptex slot, std::uint64_t bits) { *begin(slot, 1, true) |= bits; }
    bool lock(Ptex slot, std::uint64_t bit) {
        std::uint64_t* const word = begin(slot, 0, true);
        invariant(word != nullptr, "a slot is locked that is none of the scene's");
        const bool was_free = (*word & bit) == 0;
        *word |= bit;
        return was_free;
    }
    void order() {}
    void complete() {}

  private:
    std::uint32_t place(Ptex slot, unsigned word) const {
        std::uint32_t i = 0;
        while (memory_->used[i] != slot)
            ++i;
        return memory_->first_place + i * 3 + word;
    }
    std::uint64_t* begin(Ptex slot, unsigned word, bool write) const {
        auto* const at = memory_->find(slot);
        if (at == nullptr)
            return nullptr;
        Explorer::step({.place = place(slot, word), .write = write});
        return &(*at)[word];
    }
    std::uint64_t load(Ptex slot, unsigned word) const {
        const std::uint64_t* const at = begin(slot, word, false);
        return at == nullptr ? 0 : *at;
    }

    StepMemory* memory_ = nullptr;
};

/// Two bolted pages whose groups differ in the large table and are one in the small one.
class ResizeScene : public Explorer::Run {
  public:
    static constexpr unsigned pages = 2;

    explicit ResizeScene(bool grows) : old_log2_(grows ? small : large), new_log2_(grows ? large : small) {
        old_.used = slots(old_log2_);
        next_.used = slots(new_log2_);
        next_.first_place = 8;
        invariant(memory_.add_block(RealAddr{0x3000000}), "block");
        table_.init(StepSlots(old_), old_log2_, {});
    }

    void begin() {
        tables_.begin(table_, StepSlots(next_), new_log2_);
        static_cast<void>(tables_.copy(0)); // the grace period is over
    }
    void copy() { static_cast<void>(tables_.copy(~std::uint64_t{0} >> 1)); }
    void change_over() {
        tables_.change_over();
        changed_ = true;
    }
    void fold() { static_cast<void>(tables_.fold(~std::uint64_t{0} >> 1)); }
    void put(unsigned page) { invariant(table_.restore({slot(page), entry(page)}, memory_).has_value(), "restore"); }
    void use_old(unsigned page, std::uint64_t bits) { (*old_.find(place(page, old_log2_)))[1] |= bits; }

    void enter(unsigned page) {
        hpt::Gprs gprs{};
        gprs[4] = papr::hpt_flag::exact;
        gprs[5] = slot(page).value;
        gprs[6] = entry(page).d0;
        gprs[7] = entry(page).d1;
        auto& t = tables_.table();
        auto pending = t.begin_enter(*hpt::EnterArgs::parse(gprs), memory_);
        if (!pending)
            return;
        const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
        t.finish_enter(std::move(*pending), flushed);
    }
    std::uint64_t remove(unsigned page) {
        auto& t = tables_.table();
        auto pending = t.begin_remove({slot(page), {}});
        if (!pending)
            return 0;
        const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
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

  private:
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
        const hpt::Flushed flushed = arch::Tlb::discharge(pending->obligation(), 1);
        return tables_.table().finish_modify(std::move(*pending), flushed) & usage;
    }

    arch::FakeMachine machine_{4096};
    unsigned old_log2_, new_log2_;
    StepMemory old_, next_;
    hpt::Table<StepSlots> table_;
    memory::LogicalMemory memory_;
    dual::ResizeTables<StepSlots> tables_;
    bool changed_ = false;
    std::vector<Explorer::Actor> actors_;
    std::function<std::string(ResizeScene&)> end_;
};

void expect_holds(bool grows, const std::function<void(ResizeScene&)>& build) {
    Explorer explorer;
    const Explored explored = explorer.explore(
        [&] {
            auto scene = std::make_unique<ResizeScene>(grows);
            build(*scene);
            return scene;
        },
        100'000);
    EXPECT_EQ(explored.failure, "");
    EXPECT_TRUE(explored.complete) << "not all interleavings";
    EXPECT_GT(explored.runs, 1u);
    std::printf("%llu runs, %llu steps\n", static_cast<unsigned long long>(explored.runs),
                static_cast<unsigned long long>(explored.steps));
}

TEST(ResizeLitmus, TheCopyAgainstAnEnter) {
    expect_holds(false, [](ResizeScene& s) {
        s.begin();
        s.add([&s] { s.copy(); });
        s.add([&s] { s.enter(0); });
    });
}
TEST(ResizeLitmus, TheCopyAgainstARemoval) {
    expect_holds(false, [](ResizeScene& s) {
        s.put(0);
        s.begin();
        s.add([&s] { s.copy(); });
        s.add([&s] { s.remove(0); });
    });
}
TEST(ResizeLitmus, TheCopyAgainstAProtectionAndAnEnter) {
    expect_holds(false, [](ResizeScene& s) {
        s.put(0);
        s.begin();
        s.add([&s] { s.copy(); });
        s.add([&s] {
            s.protect(0);
            s.remove(0);
            s.enter(0);
        });
    });
}
TEST(ResizeLitmus, TwoSlotsOfOnePlace) {
    expect_holds(false, [](ResizeScene& s) {
        s.put(0);
        s.begin();
        s.copy();
        s.add([&s] { s.remove(0); });
        s.add([&s] { s.enter(1); });
    });
}
TEST(ResizeLitmus, TwoSlotsOfOnePlaceAndTheCopy) {
    expect_holds(false, [](ResizeScene& s) {
        s.put(0);
        s.begin();
        s.add([&s] { s.copy(); });
        s.add([&s] { s.remove(0); });
        s.add([&s] { s.enter(1); });
    });
}

/// After the change: what the old table knows comes once, and not after a call has taken or cleared it.
void changed_with_usage(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.copy();
    s.use_old(0, R | C);
    s.change_over();
    s.add([&s] { s.fold(); });
}
TEST(ResizeLitmus, L8_TheFoldAgainstAClear) {
    expect_holds(true, [](ResizeScene& s) {
        changed_with_usage(s);
        s.add([&s] { s.expect(s.clear(0, C), R | C, "H_CLEAR_MOD"); });
        s.at_end_check([](ResizeScene& at_end) {
            return at_end.usage_at_end(0) == R ? "" : "what was cleared is set again, or R is lost";
        });
    });
}
TEST(ResizeLitmus, L8_TheFoldAgainstARemovalAndAnEnter) {
    expect_holds(true, [](ResizeScene& s) {
        changed_with_usage(s);
        s.add([&s] {
            s.expect(s.remove(0), R | C, "H_REMOVE");
            s.enter(0);
        });
        s.at_end_check([](ResizeScene& at_end) {
            return at_end.usage_at_end(0) == 0 ? "" : "an entry has R and C of the one before";
        });
    });
}
TEST(ResizeLitmus, L8_TheFoldAgainstReads) {
    expect_holds(true, [](ResizeScene& s) {
        changed_with_usage(s);
        s.add([&s] { s.expect(s.read(0), R | C, "H_READ"); });
        s.add([&s] { s.expect(s.protect(0), R | C, "H_PROTECT"); });
        s.at_end_check([](ResizeScene& at_end) {
            return at_end.usage_at_end(0) == (R | C) ? "" : "I3: R or C is lost by the fold";
        });
    });
}

} // namespace
} // namespace transom::interleave
