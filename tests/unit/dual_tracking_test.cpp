// SPDX-License-Identifier: Apache-2.0
#include "page_audit.hpp"
#include <dual_fixture.hpp>
#include <owned_page_table.hpp>
#include <random>
#include <transom/migrate/page_arrivals.hpp>

// The page state table as the second page table feeds it.

namespace transom::dual {
namespace {

using migrate::AuditResult;
using migrate::PageIndex;
using migrate::PageStatus;
using papr::Ptex;

constexpr Bytes granule = kib(64);

/// A partition of 64 MiB at the source, whose pages are 64 KiB.
struct TrackedScene : DualScene {
    explicit TrackedScene(const hpt::TableOptions& options = {}, Bytes size = granule)
        : DualScene(options), states(memory.size(), size) {}

    void track(PageTracking& tracking, StorePolicy stores = StorePolicy::when_stored) {
        ASSERT_TRUE(engine.start(
            table, {hpt::RecordedSlots(second), live_words, {first_lpid, second_lpid}, &tracking, &calls, stores}));
        pass_all();
        ASSERT_EQ(engine.advance(), Phase::dual);
        pass_all();
    }
    void track() { track(*states); }
    void watch() { sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, Fold::read_only); }
    /// R41: what T2 permits, counted from T2.
    AuditResult audit() {
        migrate::PageAudit audit(*states);
        auto both = engine.table().slots();
        for (std::uint64_t i = 0; i < second.entries.size(); ++i)
            if (second.entries[i][0] != 0 && permits_store(second.entries[i][1]))
                audit.grant(both.page({i}), both.size({i}));
        return audit.compare();
    }
    bool send(std::uint64_t page) { return states->claim({page}) && states->sent({page}); }
    PageStatus status(std::uint64_t page) { return states->state({page}).status(); }
    std::uint32_t stores(std::uint64_t page) { return states->stores({page}); }

    migrate::OwnedPageTable states;
};

// P1, R39: the first store finds the page sent, and is made when it is stale; a load changes nothing (R42).
TEST(DualTracking, R39_R42_AStoreMakesItsPageStaleALoadDoesNot) {
    TrackedScene s;
    s.enter({1, 5});
    s.track();
    ASSERT_TRUE(s.send(5));
    EXPECT_EQ(s.load(0, {1, 5}), 0u);
    EXPECT_EQ(s.status(5), PageStatus::sent);
    EXPECT_EQ(s.stores(5), 0u);
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_EQ(s.status(5), PageStatus::stale);
    EXPECT_EQ(s.stores(5), 1u);
    EXPECT_EQ(s.store(1, {1, 5}), 0u);
    EXPECT_EQ(s.stores(5), 1u) << "the same entry";
}

// R38, P2: the sweep takes it away, and the next store is seen again.
TEST(DualTracking, R38_WatchingTakesTheRightToStoreAway) {
    TrackedScene s;
    s.enter({1, 5});
    s.track();
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_FALSE(s.states->claim({5}));
    s.watch();
    EXPECT_EQ(s.stores(5), 0u);
    EXPECT_TRUE(s.states->claim({5}));
    EXPECT_EQ(s.load(0, {1, 5}), 0u);
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_FALSE(s.states->sent({5})) << "P3: stored to while it was sent";
}

// P9, R43: each entry of a page counts, and each way in which one goes.
TEST(DualTracking, P9_R43_AliasesCountEach) {
    TrackedScene s;
    const Ptex one = s.enter({1, 5}), other = s.enter({2, 5});
    s.track();
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_EQ(s.store(1, {2, 5}), 0u);
    EXPECT_EQ(s.stores(5), 2u);
    ASSERT_TRUE(s.remove(one).has_value());
    EXPECT_EQ(s.stores(5), 1u);
    ASSERT_TRUE(s.protect(other, 3).has_value());
    EXPECT_EQ(s.stores(5), 0u);
    ASSERT_TRUE(s.protect(other, 2).has_value());
    EXPECT_EQ(s.stores(5), 0u) << "permitted, and nobody has stored";
    EXPECT_EQ(s.store(0, {2, 5}), 0u);
    EXPECT_EQ(s.stores(5), 1u);
    s.to_drain();
    s.sweep();
    EXPECT_EQ(s.stores(5), 0u);
    EXPECT_TRUE(s.audit().sound());
}

// R15, P10: the tracker is told of all of a large page.
TEST(DualTracking, P10_R15_ALargePageIsItsRegion) {
    TrackedScene s({.large_pages = true});
    const Access access{{papr::SegmentSize::tib_1, 9, 3 << 24}, papr::PageSize::mib_16, AccessKind::store};
    const Ptex group = papr::ptex(hpt::group_of(hpt::primary_hash(access.place, access.base), hpt::test_log2_bytes), 0);
    const std::uint64_t d0 = hpt::virtual_page_field(access.place, access.base) | papr::d0::large | papr::d0::valid;
    ASSERT_TRUE(s.enter(group, {d0, mib(16) | papr::d1::wimg_memory | 2}).has_value());
    s.track();
    ASSERT_TRUE(s.send(255));
    ASSERT_TRUE(s.send(256));
    ASSERT_TRUE(s.send(512));
    EXPECT_EQ(s.engine.fault(0, access).answer, FaultAnswer::again);
    EXPECT_EQ(s.states->region(1).live(), 1u);
    EXPECT_EQ(s.status(255), PageStatus::sent);
    EXPECT_EQ(s.status(256), PageStatus::stale);
    EXPECT_EQ(s.status(512), PageStatus::sent);
    EXPECT_TRUE(s.audit().sound());
    s.watch();
    EXPECT_EQ(s.states->region(1).live(), 0u);
}

// R25: so do accesses in real mode.
TEST(DualTracking, R25_AStoreInRealModeIsSeen) {
    TrackedScene s;
    s.track();
    ASSERT_TRUE(s.send(0x12));
    EXPECT_EQ(s.engine.fault_in_real_mode(0, {0x123456}, AccessKind::store, s.memory, cause::no_entry).answer,
              FaultAnswer::again);
    EXPECT_EQ(s.status(0x12), PageStatus::stale);
    EXPECT_EQ(s.stores(0x12), 1u);
    EXPECT_TRUE(s.audit().sound());
}

// What a right to store is worth: all of the page, once.
TEST(DualTracking, AFaultSaysHowMuchMayBeStoredTo) {
    for (const Bytes size : {granule, mib(16)}) {
        TrackedScene s({.large_pages = true});
        const papr::PageSize base = size == granule ? papr::PageSize::kib_64 : papr::PageSize::mib_16;
        Access access{{papr::SegmentSize::tib_1, 9, 3 << 24}, base, AccessKind::load};
        const Ptex group = papr::ptex(hpt::group_of(hpt::primary_hash(access.place, base), hpt::test_log2_bytes), 0);
        const std::uint64_t d0 = hpt::virtual_page_field(access.place, base) | papr::d0::large | papr::d0::valid;
        const std::uint64_t kind = size == granule ? 0x1000 : 0;
        ASSERT_TRUE(s.enter(group, {d0, mib(16) | kind | papr::d1::wimg_memory | 2}).has_value());
        s.track();
        EXPECT_EQ(s.engine.fault(0, access).stores, 0u);
        access.kind = AccessKind::store;
        EXPECT_EQ(s.engine.fault(0, access).stores, size);
        EXPECT_EQ(s.engine.fault(1, access).stores, 0u) << "somebody else was first";
    }
}

// Pages larger than the granule that is tracked.
TEST(DualTracking, P9_APageCountsInEachGranule) {
    TrackedScene s({}, kib(4));
    s.enter({1, 5});
    s.track();
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_EQ(s.stores(79), 0u);
    for (std::uint64_t page = 80; page < 96; ++page)
        EXPECT_EQ(s.stores(page), 1u);
    EXPECT_EQ(s.stores(96), 0u);
}

// P7, P8: under the lock of a slot the table is told, and whatever the sender does meanwhile neither of the two waits: a lock of either
// would be one that is held here.
struct SendingTracking final : PageTracking {
    explicit SendingTracking(TrackedScene& s) : scene(s) {}
    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr page, Bytes size) override {
        EXPECT_TRUE(scene.states->claim({5}));
        scene.states->raise(page, size);
        EXPECT_FALSE(scene.states->sent({5}));
        ++raised;
    }
    void lower(LogicalAddr page, Bytes size) override {
        scene.states->lower(page, size);
        EXPECT_TRUE(scene.send(5));
    }
    TrackedScene& scene;
    unsigned raised = 0;
};
TEST(DualTracking, P7_P8_NobodyWaitsForASender) {
    TrackedScene s;
    SendingTracking tracking(s);
    s.enter({1, 5});
    s.track(tracking);
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_EQ(tracking.raised, 1u);
    s.watch();
    EXPECT_EQ(s.status(5), PageStatus::sent);
}

// At the target: what is not here is asked for, what is here is stored to without another fault.
TEST(DualTracking, R51_AtTheTargetPagesAreHereOrAskedFor) {
    TrackedScene s;
    std::vector<std::uint64_t> room(migrate::PageArrivals::room_for(s.memory.size(), granule) / 8);
    migrate::PageArrivals arrivals(s.memory.size(), granule, room);
    s.enter({1, 5});
    s.track(arrivals, StorePolicy::as_in_t1);
    const Access access = DualScene::made({1, 5});
    const FaultOutcome missing = s.engine.fault(0, access);
    EXPECT_EQ(missing.answer, FaultAnswer::missing);
    EXPECT_EQ(missing.page, LogicalAddr{5 * granule});
    EXPECT_EQ(arrivals.need({5}), migrate::Need::ask);
    ASSERT_EQ(arrivals.land({5}, 1), migrate::Landing::store);
    EXPECT_TRUE(arrivals.landed({5}));
    EXPECT_EQ(s.load(0, {1, 5}), 0u);
    EXPECT_EQ(s.store(0, {1, 5}), 0u);
    EXPECT_EQ(s.engine.counters().upgrades, 0u);
}

/// Random calls, accesses and passes. A page is a number, which counts the stores to it.
class DualTrackingRandom : public testing::TestWithParam<hpt::Format> {
  protected:
    static constexpr std::uint64_t pages = 32;

    std::uint64_t random(std::uint64_t below) { return engine() % below; }
    Page random_page() { return {1 + random(4), random(pages)}; }

    void step() {
        const Page page = random_page();
        switch (random(10)) {
        case 0:
            if (!entered.contains({page.vsid, page.number}))
                entered[{page.vsid, page.number}] = s.enter(page);
            return;
        case 1:
        case 2: {
            if (entered.empty())
                return;
            const auto at = std::next(entered.begin(), static_cast<std::ptrdiff_t>(random(entered.size())));
            if (random(2) == 0)
                return static_cast<void>(s.protect(at->second, 2 + random(2)));
            EXPECT_TRUE(s.remove(at->second).has_value());
            entered.erase(at);
            return;
        }
        case 3:
            if (random(16) == 0)
                s.watch();
            return;
        case 4:
            ++content[page.number]; // the hypervisor writes
            return s.states->written({page.number * granule + random(granule)}, 1);
        case 5:
        case 6:
            return send({page.number});
        default:
            if (s.store(static_cast<unsigned>(random(2)), page) == 0)
                ++content[page.number];
        }
    }
    void send(PageIndex page) {
        if (!s.states->claim(page))
            return;
        const unsigned read = content[page.value];
        for (std::uint64_t steps = random(3); steps > 0; --steps) {
            const Page stored{1 + random(4), page.value};
            if (s.store(0, stored) == 0)
                ++content[page.value];
        }
        if (s.states->sent(page)) {
            copy[page.value] = read;
            ++sent;
        }
    }

    TrackedScene s{{.format = GetParam()}};
    std::map<std::pair<std::uint64_t, std::uint64_t>, Ptex> entered;
    std::map<std::uint64_t, unsigned> content, copy;
    unsigned sent = 0;
    std::mt19937_64 engine{20261126};
};

INSTANTIATE_TEST_SUITE_P(Formats, DualTrackingRandom, testing::Values(hpt::Format::isa_2_07, hpt::Format::isa_3_0),
                         hpt::format_name);

// R41, J1: the counts are those of T2's entries, and what is called sent is in the copy.
TEST_P(DualTrackingRandom, R41_TheCountsAreThoseOfTheSecondTable) {
    s.track();
    for (int i = 0; i < 60000; ++i) {
        ASSERT_NO_FATAL_FAILURE(step()) << "step " << i;
        s.slots.events.clear();
        s.second.events.clear();
        if (i % 512 != 0)
            continue;
        const AuditResult result = s.audit();
        ASSERT_EQ(result.drifting, 0u) << "step " << i << ", page " << result.first->value;
        ASSERT_EQ(result.miscounted, 0u);
        for (std::uint64_t page = 0; page < pages; ++page)
            if (s.status(page) == PageStatus::sent) {
                ASSERT_EQ(copy[page], content[page]) << "step " << i << ", page " << page;
            }
    }
    EXPECT_GT(sent, 1000u);
    s.to_drain();
    while (s.engine.advance() != Phase::normal) {
        s.sweep();
        s.pass_all();
    }
    EXPECT_TRUE(s.audit().drifting == 0) << "and none is left";
}

} // namespace
} // namespace transom::dual
