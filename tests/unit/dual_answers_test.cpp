// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <dual_call_fixture.hpp>
#include <thread>
#include <transom/dual/engine_impl.hpp>
#include <transom/hpt/hash.hpp>

// R20, I6: a partition cannot tell by any answer that there are two tables, whatever the phase is, though another processor has a lock and
// the sweep is under way.
namespace transom::hcall {
namespace {

/// Where the partition is while it makes its calls.
enum class When : std::uint8_t { one_table, dual, switching, drain, release, over };
constexpr When with_two_tables[] = {When::dual, When::switching, When::drain, When::release, When::over};

struct Call {
    Op op;
    std::vector<std::uint64_t> arguments;
    std::optional<std::uint64_t> locked{}; // a slot of which another processor has the lock when it is made
};

struct Answered {
    std::int64_t status = 0;
    std::array<std::uint64_t, 9> registers{}; // r4 to r12
    bool operator==(const Answered&) const = default;
};

class DualAnswers : public DualCall {
  protected:
    static constexpr std::uint64_t pages = 16; // each in a group of its own

    static hpt::SegmentOffset place_of(std::uint64_t page) { return {papr::SegmentSize::tib_1, 5, page * kib(64)}; }
    static std::uint64_t d0_of(std::uint64_t page) {
        return hpt::virtual_page_field(place_of(page), papr::PageSize::kib_64) | papr::d0::large | papr::d0::valid;
    }
    static std::uint64_t slot_of(std::uint64_t page) {
        const std::uint64_t hash = hpt::primary_hash(place_of(page), papr::PageSize::kib_64);
        return papr::ptex(hpt::group_of(hash, log2_bytes), 0).value;
    }
    /// A processor has accessed each page, and stored to every second one; where it walks T2, through that.
    void access_all(bool second) {
        hpt::RealSlots walked(second ? second_address : table_address, {});
        for (std::uint64_t page = 0; page < pages; ++page) {
            const bool store = page % 2 != 0;
            if (second) {
                const auto kind = store ? dual::AccessKind::store : dual::AccessKind::load;
                ASSERT_EQ(engine.fault(0, {place_of(page), papr::PageSize::kib_64, kind}).answer,
                          dual::FaultAnswer::again);
            }
            walked.merge_d1({slot_of(page)}, store ? papr::d1::usage : papr::d1::referenced);
        }
    }
    void begin(When when) {
        for (std::uint64_t page = 0; page < pages; ++page)
            ASSERT_EQ(make(Op::enter, {papr::hpt_flag::exact, slot_of(page), d0_of(page), d1}), Status::success);
        if (when != When::one_table) {
            ASSERT_NO_FATAL_FAILURE(start());
        }
        access_all(when != When::one_table);
        if (when == When::switching)
            engine.stop();
        if (when < When::drain)
            return;
        engine.stop();
        pass();
        ASSERT_EQ(engine.advance(), Phase::drain);
        if (when == When::drain)
            return;
        end_drain();
        if (when == When::over) {
            pass();
            ASSERT_EQ(engine.advance(), Phase::normal);
        }
    }
    void end_drain() {
        while (engine.live() != 0)
            engine.sweep_portion(dual::Fold::evict);
        ASSERT_EQ(engine.advance(), Phase::release);
    }
    /// Everything is as it was before begin().
    void end(When when) {
        Status status = Status::continue_;
        for (int i = 0; i < 10 && status == Status::continue_; ++i)
            status = make(Op::clear_hpt, {});
        ASSERT_EQ(status, Status::success);
        if (when == When::one_table)
            return;
        engine.stop();
        pass();
        if (engine.advance() == Phase::drain)
            end_drain();
        pass();
        ASSERT_EQ(engine.advance(), Phase::normal);
        ASSERT_FALSE(engine.active());
        std::ranges::fill(live_words, 0);
    }

    std::vector<Call> calls() const {
        using namespace papr;
        const std::uint64_t other_avpn = 0x7f00;
        std::vector<Call> list = {
            {Op::enter, {0, 0x4000, d0_of(0), d1}},
            {Op::enter, {0, slot_of(0), d0_of(0), 0x1001192}},
            {Op::enter, {hpt_flag::exact, slot_of(0), d0_of(0), d1}},
            {Op::enter, {0, slot_of(1), d0_of(1), d1}},
            {Op::remove, {hpt_flag::avpn, slot_of(2), other_avpn}, slot_of(2)},
            {Op::remove, {hpt_flag::andcond, slot_of(3), d0::valid}, slot_of(3)},
            {Op::protect, {hpt_flag::avpn, slot_of(4), other_avpn}, slot_of(4)},
            {Op::protect, {3, 0x4000, 0}},
            {Op::protect, {3, slot_of(5), 0}, slot_of(5)},
            {Op::read, {0, 0x4000}},
            {Op::read, {hpt_flag::read_4, slot_of(6)}, slot_of(6)},
            {Op::read, {0, slot_of(7)}, slot_of(7)},
            {Op::clear_ref, {0, slot_of(0) + 1}},
            {Op::clear_ref, {0, slot_of(8)}, slot_of(8)},
            {Op::clear_mod, {0, slot_of(9)}, slot_of(9)},
            {Op::block_remove, {0, bulk::request | (slot_of(0) + 1), bulk::end}},
            {Op::block_remove, {0, bulk::request | slot_of(10), bulk::end}, slot_of(10)},
            {Op::block_remove, {0, bulk::request | slot_of(10), bulk::end}},
            {Op::bulk_remove, {bulk::request | (slot_of(0) + 1), 0, bulk::end}},
            {Op::bulk_remove,
             {bulk::request | slot_of(11), 0, bulk::request | bulk::condition_avpn | slot_of(12), other_avpn,
              bulk::end},
             slot_of(11)},
            {Op::remove, {0, slot_of(13), 0}, slot_of(13)},
            {Op::remove, {0, slot_of(13), 0}},
            {Op::enter, {hpt_flag::exact, slot_of(13), d0_of(13), d1}, slot_of(13)},
        };
        for (std::uint64_t page = 0; page < pages; ++page) // what there is now
            list.push_back({Op::read, {0, slot_of(page)}});
        return list;
    }

    /// As make(), while another processor has the lock of a slot, for a moment. H_BLOCK_REMOVE alone does not wait, but says so.
    void make_against_a_lock(const Call& call) {
        constexpr std::uint64_t lock = 0x40; // of d0; hpt::table_detail
        const papr::Ptex slot{*call.locked};
        hpt::RealSlots slots(table_address, {});
        ASSERT_TRUE(slots.lock(slot, lock)) << "nobody else has it";
        std::atomic<bool> given_up = false;
        const auto give_up = [&] {
            given_up = true;
            slots.set_d0(slot, slots.d0(slot) & ~lock);
        };
        if (call.op == Op::block_remove) {
            make(call.op, call.arguments);
            return give_up();
        }
        std::thread holder([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            give_up();
        });
        make(call.op, call.arguments);
        EXPECT_TRUE(given_up) << "it did not wait";
        holder.join();
    }
    std::vector<Answered> answers(When when) {
        std::vector<Answered> answers;
        auto& gpr = partition->vcpus[0].registers.gpr;
        for (const Call& call : calls()) {
            std::fill(gpr.begin() + 4, gpr.begin() + 13, 0); // nothing of the list before
            if (call.locked)
                make_against_a_lock(call);
            else
                make(call.op, call.arguments);
            answers.push_back({.status = static_cast<std::int64_t>(gpr[3])});
            std::copy(gpr.begin() + 4, gpr.begin() + 13, answers.back().registers.begin());
            // A group at a time: before some calls their twin has gone, before others it has not.
            engine.sweep({.groups = 1, .ticks = ~std::uint64_t{0}},
                         when == When::dual ? dual::Fold::read_only : dual::Fold::evict, arch::timebase);
        }
        return answers;
    }
};

TEST_F(DualAnswers, R20_I6_TheAnswersAreTheSameInEachPhase) {
    ASSERT_NO_FATAL_FAILURE(begin(When::one_table));
    const std::vector<Answered> expected = answers(When::one_table);
    ASSERT_NO_FATAL_FAILURE(end(When::one_table));
    // The list is worth something: each answer that these calls have for an entry is in it.
    const auto has = [&](Status status) {
        return std::ranges::find(expected, static_cast<std::int64_t>(status), &Answered::status) != expected.end();
    };
    EXPECT_TRUE(has(Status::success) && has(Status::parameter) && has(Status::not_found) && has(Status::pteg_full));
    constexpr Phase phases[] = {Phase::dual, Phase::switching, Phase::drain, Phase::release, Phase::normal};
    for (std::size_t i = 0; i < std::size(with_two_tables); ++i) {
        const When when = with_two_tables[i];
        ASSERT_NO_FATAL_FAILURE(begin(when));
        ASSERT_EQ(engine.phase(), phases[i]);
        const std::vector<Answered> found = answers(when);
        EXPECT_EQ(engine.phase(), phases[i]);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t n = 0; n < found.size(); ++n)
            EXPECT_EQ(found[n], expected[n]) << "call " << n << " in phase " << static_cast<int>(phases[i]);
        ASSERT_NO_FATAL_FAILURE(end(when));
    }
}

} // namespace
} // namespace transom::hcall
