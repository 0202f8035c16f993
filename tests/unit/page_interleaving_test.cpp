// SPDX-License-Identifier: Apache-2.0
#include "owned_page_table.hpp"
#include <algorithm>
#include <array>
#include <functional>
#include <gtest/gtest.h>

namespace transom::migrate {
namespace {

/// One page, who stores to it and who sends it, in steps that others' steps may come between. Every order of them is run, from the
/// start: what the table calls sent has to be what was copied, after each step.
class PageWorld {
  public:
    explicit PageWorld(Bytes memory) : table_(memory, kib(64)) {}

    void processor(unsigned step, Bytes page_size) {
        if (step == 0)
            table_->raise({0}, page_size);
        else if (step == 1)
            ++content_;
        else
            table_->lower({0}, page_size);
    }
    void hypervisor(unsigned step) {
        content_ += step == 0 ? 1 : 0;
        unmarked_ = step == 0;
        if (step == 1)
            table_->written({0}, 1);
    }
    void sender(unsigned who, unsigned step) {
        Sender& sender = senders_[who];
        if (step == 0) {
            sender.has_it = table_->claim({0});
            owners_ += sender.has_it ? 1 : 0;
            EXPECT_LE(owners_, 1u) << "P6";
        } else if (!sender.has_it) {
            return;
        } else if (step == 1) {
            sender.read = content_;
        } else {
            copy_ = sender.read;
            table_->sent({0});
            --owners_;
        }
    }
    void spreader() { table_->spread(0); }

    bool right() { return unmarked_ || table_->state({0}).status() != PageStatus::sent || copy_ == content_; }
    bool sent() { return table_->state({0}).status() == PageStatus::sent; }

  private:
    struct Sender {
        bool has_it = false;
        unsigned read = 0;
    };

    OwnedPageTable table_;
    unsigned content_ = 1, copy_ = 0, owners_ = 0;
    bool unmarked_ = false;
    std::array<Sender, 2> senders_;
};

/// The steps of one actor, each given its number.
using Actor = std::function<void(PageWorld&, unsigned)>;

struct Orders {
    unsigned run = 0, sent = 0;
};

/// Runs all orders of the actors' steps.
Orders run_all(Bytes memory, const std::vector<std::pair<unsigned, Actor>>& actors) {
    std::vector<std::size_t> order;
    for (std::size_t actor = 0; actor < actors.size(); ++actor)
        order.insert(order.end(), actors[actor].first, actor);
    Orders orders;
    do {
        PageWorld world(memory);
        std::vector<unsigned> step(actors.size());
        for (const std::size_t actor : order) {
            actors[actor].second(world, step[actor]++);
            if (!world.right()) {
                ADD_FAILURE() << "order " << testing::PrintToString(order);
                return orders;
            }
        }
        ++orders.run;
        orders.sent += world.sent() ? 1 : 0;
    } while (std::ranges::next_permutation(order).found);
    return orders;
}

const Actor one_sender = [](PageWorld& world, unsigned step) { world.sender(0, step); };
const Actor other_sender = [](PageWorld& world, unsigned step) { world.sender(1, step); };

// P1, P2, P3, P5, P6.
TEST(PageInterleaving, R45_P1_P2_P3_P5_P6_NoOrderLosesAStore) {
    const Actor processor = [](PageWorld& world, unsigned step) { world.processor(step, kib(64)); };
    const Actor hypervisor = [](PageWorld& world, unsigned step) { world.hypervisor(step); };
    const Orders orders = run_all(kib(64), {{3, processor}, {2, hypervisor}, {3, one_sender}, {3, other_sender}});
    EXPECT_EQ(orders.run, 92'400u); // 11! / (3! 2! 3! 3!)
    EXPECT_GT(orders.sent, 0u);
}

// P10: the same for a large page, while its region is told of it.
TEST(PageInterleaving, P10_NoOrderLosesAStoreByALargePage) {
    const Actor processor = [](PageWorld& world, unsigned step) { world.processor(step, mib(16)); };
    const Actor spreader = [](PageWorld& world, unsigned) { world.spreader(); };
    const Orders orders = run_all(mib(16), {{3, processor}, {2, spreader}, {3, one_sender}, {3, other_sender}});
    EXPECT_EQ(orders.run, 92'400u);
    EXPECT_GT(orders.sent, 0u);
}

} // namespace
} // namespace transom::migrate
