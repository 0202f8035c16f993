// SPDX-License-Identifier: Apache-2.0
#include "owned_page_table.hpp"
#include "page_audit.hpp"
#include <cstdio>
#include <gtest/gtest.h>
#include <random>

namespace transom::migrate {
namespace {

constexpr Bytes granule = kib(64);
constexpr Bytes memory = mib(64);

struct Grant {
    LogicalAddr page;
    Bytes size;
};

AuditResult audit(OwnedPageTable& table, const std::vector<Grant>& grants) {
    PageAudit counted(*table);
    for (const Grant& grant : grants)
        counted.grant(grant.page, grant.size);
    return counted.compare();
}

TEST(PageAudit, FindsWhatIsWrong) {
    OwnedPageTable table(memory, granule);
    const std::vector<Grant> grants{{{5 * granule}, kib(4)}, {{mib(16)}, mib(16)}};
    for (const Grant& grant : grants)
        table->raise(grant.page, grant.size);
    EXPECT_TRUE(audit(table, grants).sound());
    EXPECT_EQ(audit(table, {}).drifting, 2u);
    EXPECT_EQ(audit(table, {}).first, PageIndex{5});
    table->to_send().remove({9});
    EXPECT_EQ(audit(table, grants).unlisted, 1u);
    table->to_send().add({9});
    table.entry(9) = PageState(PageStatus::sent, 0, 0).bits;
    EXPECT_EQ(audit(table, grants).miscounted, 2u); // one fresh fewer, one sent more
}

TEST(PageAudit, R44_ASaturatedCountIsNoDrift) {
    OwnedPageTable table(memory, granule);
    std::vector<Grant> grants(300, {{0}, granule});
    for (const Grant& grant : grants)
        table->raise(grant.page, grant.size);
    EXPECT_TRUE(audit(table, grants).sound());
    for (const Grant& grant : grants)
        table->lower(grant.page, grant.size);
    EXPECT_TRUE(audit(table, {}).sound());
    EXPECT_EQ(audit(table, {}).saturated, 1u);
}

/// Everything that may happen to a table, at random.
class RandomLife {
  public:
    explicit RandomLife(std::uint64_t seed) : random_(seed) {}

    void step() {
        const PageIndex page{below(table_->pages())};
        const LogicalAddr address{page.value * granule};
        switch (below(12)) {
        case 0:
            grant({address, kib(4)});
            break;
        case 1:
            grant({address, granule});
            break;
        case 2:
            if (below(8) == 0)
                grant({{below(memory / mib(16)) * mib(16)}, mib(16)});
            break;
        case 3:
        case 4:
        case 5:
            if (!grants.empty()) {
                std::swap(grants[below(grants.size())], grants.back());
                table_->lower(grants.back().page, grants.back().size);
                grants.pop_back();
            }
            break;
        case 6:
            table_->written(address + below(granule), 1 + below(memory - address.value - granule + 1) % mib(1));
            break;
        case 7:
            table_->give_back(page);
            break;
        case 8:
            below(2) == 0 ? table_->heat(page) : table_->cool(page);
            break;
        case 9:
            table_->spread(below(table_->regions()));
            break;
        default:
            send(page);
            break;
        }
    }

    OwnedPageTable& table() { return table_; }
    std::vector<Grant> grants;

  private:
    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    void grant(const Grant& made) {
        if (grants.size() == 3000)
            return;
        table_->raise(made.page, made.size);
        grants.push_back(made);
    }
    void send(PageIndex page) {
        table_->to_send().remove(page);
        table_->altered().remove(page);
        if (table_->claim(page)) {
            if (below(8) != 0) // else it is left as it is, for give_back
                table_->sent(page);
        } else {
            table_->altered().add(page);
        }
    }

    OwnedPageTable table_{memory, granule};
    std::mt19937_64 random_;
};

// R41: after 10^7 random operations the counts are those of the grants that are alive.
TEST(PageAudit, R41_NoDriftAfterTenMillionOperations) {
    constexpr std::uint64_t seed = 20261126;
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    RandomLife life(seed);
    for (int part = 0; part < 20; ++part) {
        for (int step = 0; step < 500'000; ++step)
            life.step();
        const AuditResult result = audit(life.table(), life.grants);
        ASSERT_TRUE(result.sound()) << result.drifting << " " << result.unlisted << " " << result.miscounted;
        ASSERT_EQ(result.saturated, 0u);
    }
}

} // namespace
} // namespace transom::migrate
