// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
#include <atomic>
#include <barrier>
#include <cstdio>
#include <gtest/gtest.h>
#include <page_audit.hpp>
#include <thread>
#include <vector>

namespace transom::stress {
namespace {

using namespace migrate;

constexpr Bytes granule = kib(64);
constexpr Bytes memory = mib(64); // two blocks of a set
constexpr std::uint64_t pages = memory / granule, region_pages = large_region / granule;
constexpr unsigned processors = 3, writers = 1, senders = 2;
constexpr int rounds = 40, steps = 4000;

/// A grant that a processor has.
struct Grant {
    LogicalAddr page;
    Bytes size;
};

/// Processors store under grants to a few pages, the hypervisor writes, two senders copy; a page is one number that counts its stores.
/// What the table calls sent has to be in the copy.
class PageStateStress : public testing::Test {
  protected:
    PageStateStress()
        : entries(pages), regions(memory / large_region), to_send(PageSet::words_for(pages)), altered(to_send.size()),
          table(memory, granule, {entries, regions, to_send, altered}), content(pages), copy(pages), alive(processors) {
    }

    void processor(unsigned index, Random& random);
    void writer(Random& random);
    void sender(Random& random);
    void check();

    /// Few pages of the first region, so that everybody meets; all of the second by large pages.
    static std::uint64_t some_page(Random& random) { return random.one_in(8) ? random.below(pages) : random.below(24); }
    void store(std::uint64_t page) { content[page].fetch_add(1, std::memory_order_relaxed); }

    std::vector<std::uint16_t> entries;
    std::vector<LargeGrants> regions;
    std::vector<std::uint64_t> to_send, altered;
    PageStateTable table;
    std::vector<std::atomic<std::uint32_t>> content, copy;
    std::vector<std::vector<Grant>> alive;
    std::atomic<std::uint64_t> sent{0}, overtaken{0};
};

void PageStateStress::processor(unsigned index, Random& random) {
    std::vector<Grant>& mine = alive[index];
    switch (random.below(4)) {
    case 0: {
        if (mine.size() == 6)
            break;
        Grant grant{{some_page(random) * granule}, kib(4)};
        if (random.one_in(16))
            grant = {{large_region}, large_region};
        table.raise(grant.page, grant.size);
        mine.push_back(grant);
        break;
    }
    case 1:
        if (mine.empty())
            break;
        std::swap(mine[random.below(mine.size())], mine.back());
        table.lower(mine.back().page, mine.back().size);
        mine.pop_back();
        break;
    default:
        if (mine.empty())
            break;
        const Grant& grant = mine[random.below(mine.size())];
        const std::uint64_t first = grant.page.value / granule;
        store(grant.size == large_region ? first + random.below(region_pages) : first);
        break;
    }
}

void PageStateStress::writer(Random& random) {
    const std::uint64_t page = some_page(random);
    store(page);
    table.written({page * granule}, 1);
}

void PageStateStress::sender(Random& random) {
    if (random.one_in(50))
        table.spread(random.below(regions.size()));
    PageSet& set = random.one_in(2) ? table.to_send() : table.altered();
    const auto page = set.next({some_page(random)});
    if (!page || !set.remove(*page))
        return;
    if (!table.claim(*page)) {
        const PageStatus status = table.entry(*page).status();
        if (status == PageStatus::fresh || status == PageStatus::stale)
            set.add(*page);
        return;
    }
    const std::uint32_t read = content[page->value].load(std::memory_order_relaxed);
    if (random.one_in(16))
        std::this_thread::yield(); // so that it is altered now and then, however few processors there are
    if (random.one_in(10)) {       // the connection is gone
        table.give_back(*page);
        return;
    }
    copy[page->value].store(read, std::memory_order_relaxed);
    ++(table.sent(*page) ? sent : overtaken);
}

void PageStateStress::check() {
    PageAudit audit(table);
    for (const auto& mine : alive)
        for (const Grant& grant : mine)
            audit.grant(grant.page, grant.size);
    const AuditResult result = audit.compare();
    EXPECT_TRUE(result.sound()) << result.drifting << " drift, " << result.unlisted << " unlisted, "
                                << result.miscounted;
    for (PageSet* set : {&table.to_send(), &table.altered()}) {
        std::uint64_t there = 0, found = 0;
        for (std::uint64_t page = 0; page < pages; ++page)
            there += set->has({page}) ? 1 : 0;
        for (auto page = set->next({0}); page; page = set->next({page->value + 1}))
            ++found;
        EXPECT_EQ(found, there) << "what is in a set is found in it";
    }
    for (std::uint64_t page = 0; page < pages; ++page)
        if (table.state({page}).status() == PageStatus::sent) {
            EXPECT_EQ(content[page].load(), copy[page].load()) << "page " << page;
        }
}

// P1, P2, P3, P5, P6, P7, P10, R41 with everybody at once.
TEST_F(PageStateStress, P7_WhatIsSentIsWhatIsThere) {
    const std::uint64_t seed = stress::seed();
    constexpr unsigned threads = processors + writers + senders;
    std::barrier turn(threads);
    run_threads(threads, [&](unsigned index) {
        Random random(seed, index);
        for (int round = 0; round < rounds; ++round) {
            for (int step = 0; step < steps; ++step)
                if (index < processors)
                    processor(index, random);
                else if (index < processors + writers)
                    writer(random);
                else
                    sender(random);
            turn.arrive_and_wait();
            if (index == 0)
                check(); // nobody is under way
            turn.arrive_and_wait();
        }
    });
    EXPECT_GT(sent.load(), 1000u);
    EXPECT_GT(overtaken.load(), 0u);
    std::printf("%llu sent, %llu overtaken\n", static_cast<unsigned long long>(sent.load()),
                static_cast<unsigned long long>(overtaken.load()));
}

} // namespace
} // namespace transom::stress
