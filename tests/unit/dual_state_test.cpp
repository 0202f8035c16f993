// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <gtest/gtest.h>
#include <transom/dual/group_marks.hpp>
#include <transom/dual/phase.hpp>
#include <transom/dual/protection.hpp>

namespace transom::dual {
namespace {

constexpr std::array phases = {Phase::normal, Phase::dual, Phase::switching, Phase::drain, Phase::release};

TEST(DualPhase, ThereIsOneWayThroughAMigration) {
    for (std::size_t from = 0; from < phases.size(); ++from)
        for (std::size_t to = 0; to < phases.size(); ++to)
            EXPECT_EQ(follows(phases[to], phases[from]), to == (from + 1) % phases.size());
    PhaseWord word;
    for (std::size_t i = 1; i <= phases.size(); ++i) {
        word.move(phases[i % phases.size()]);
        EXPECT_EQ(word.now(), phases[i % phases.size()]);
    }
}

TEST(DualPhaseDeathTest, ANotPermittedChangeIsOurOwnFault) {
    PhaseWord word;
    EXPECT_DEATH(word.move(Phase::drain), "");
}

TEST(DualPhase, AbandoningEndsAnyPhase) {
    PhaseWord word;
    word.move(Phase::dual);
    word.move(Phase::switching);
    word.abandon();
    EXPECT_EQ(word.now(), Phase::normal);
}

Access access(AccessKind kind, bool key = false, std::uint64_t amr = 0, std::uint64_t iamr = 0,
              bool segment_no_execute = false) {
    return {.place = {},
            .base = papr::PageSize::kib_64,
            .kind = kind,
            .key = key,
            .segment_no_execute = segment_no_execute,
            .amr = amr,
            .iamr = iamr};
}
constexpr auto load = AccessKind::load, store = AccessKind::store, fetch = AccessKind::fetch;

constexpr std::uint64_t with_pp(unsigned pp) { return std::uint64_t{pp >> 2} << 63 | (pp & 3); }

// Power ISA 3.0B Book III 5.7.11.5.
TEST(DualProtection, PpAndKeyDecideAsTheArchitectureSays) {
    constexpr const char* by_key[2] = {"WWWRNNRN", "NRWRNNNN"};
    for (unsigned key = 0; key < 2; ++key)
        for (unsigned pp = 0; pp < 8; ++pp) {
            const char may = by_key[key][pp];
            EXPECT_EQ(refusal(access(load, key == 1), with_pp(pp)), may == 'N' ? cause::protection : 0) << key << pp;
            EXPECT_EQ(refusal(access(store, key == 1), with_pp(pp)), may == 'W' ? 0 : cause::protection | cause::store)
                << key << pp;
        }
}

TEST(DualProtection, WithoutStoreTakesOnlyStores) {
    for (unsigned pp = 0; pp < 8; ++pp) {
        const std::uint64_t d1 = with_pp(pp) | 0x123456000e94, restricted = without_store(d1);
        EXPECT_FALSE(permits_store(restricted));
        EXPECT_EQ((d1 ^ restricted) & ~(papr::d1::pp0 | papr::d1::pp), 0u);
        for (const bool key : {false, true}) {
            EXPECT_EQ(refusal(access(load, key), restricted), refusal(access(load, key), d1)) << pp;
            EXPECT_NE(refusal(access(store, key), restricted), 0u);
        }
    }
}

TEST(DualProtection, StorageKeysAndNoExecute) {
    const std::uint64_t key_5 = with_pp(2) | std::uint64_t{5} << 9,
                        key_29 = with_pp(2) | std::uint64_t{3} << 60 | 5 << 9;
    const auto bits = [](unsigned key, std::uint64_t two) { return two << (62 - 2 * key); };
    EXPECT_EQ(refusal(access(store, false, bits(5, 2)), key_5), cause::key | cause::store);
    EXPECT_EQ(refusal(access(load, false, bits(5, 2)), key_5), 0u);
    EXPECT_EQ(refusal(access(load, false, bits(5, 1)), key_5), cause::key);
    EXPECT_EQ(refusal(access(load, false, bits(29, 1)), key_5), 0u);
    EXPECT_EQ(refusal(access(load, false, bits(29, 1)), key_29), cause::key);
    EXPECT_EQ(refusal(access(fetch, false, ~std::uint64_t{0}), key_5), 0u);
    EXPECT_EQ(refusal(access(fetch, false, 0, bits(5, 1)), key_5), cause::key);
    EXPECT_EQ(refusal(access(fetch), with_pp(2) | papr::d1::no_execute), cause::no_execute);
    EXPECT_EQ(refusal(access(fetch, false, 0, 0, true), with_pp(2)), cause::no_execute);
    EXPECT_EQ(refusal(access(fetch, true, 0, bits(5, 1), true), key_5 & ~papr::d1::pp), cause::no_execute);
    EXPECT_EQ(absence(access(fetch, false, 0, 0, true)), cause::no_execute);
    EXPECT_EQ(absence(access(load, false, 0, 0, true)), cause::no_entry);
    EXPECT_EQ(refusal(access(fetch), with_pp(2) | 0x8), cause::no_execute) << "guarded";
    EXPECT_EQ(refusal(access(load), with_pp(2) | 0x8), 0u);
    EXPECT_EQ(refusal(access(fetch, true), with_pp(0)), cause::protection);
}

TEST(DualGroupMarks, FindsWhatIsMarked) {
    std::array<std::uint64_t, 4> words{};
    GroupMarks groups(words);
    EXPECT_EQ(GroupMarks::words_for(65), 2u);
    EXPECT_EQ(groups.next({0}, {250}).value, 250u);
    for (const std::uint64_t group : {0, 63, 64, 200, 249})
        groups.mark({group});
    EXPECT_EQ(groups.next({0}, {250}).value, 0u);
    EXPECT_EQ(groups.next({1}, {250}).value, 63u);
    EXPECT_EQ(groups.next({64}, {250}).value, 64u);
    EXPECT_EQ(groups.next({65}, {250}).value, 200u);
    EXPECT_EQ(groups.next({65}, {200}).value, 200u);
    groups.take({249});
    EXPECT_EQ(groups.next({201}, {250}).value, 250u);
}

TEST(DualMarks, CountsThoseThatThereAre) {
    std::array<std::uint64_t, 3> words{};
    Marks marks(words);
    EXPECT_EQ(marks.count(130), 0u);
    for (const std::uint64_t which : {0, 63, 64, 129, 130})
        marks.mark(which);
    EXPECT_EQ(marks.count(130), 4u);
    EXPECT_EQ(marks.count(64), 2u);
    EXPECT_EQ(marks.count(0), 0u);
    marks.mark_all();
    EXPECT_EQ(marks.count(130), 130u);
}

} // namespace
} // namespace transom::dual
