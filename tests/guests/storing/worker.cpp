// SPDX-License-Identifier: Apache-2.0
#include "worker.hpp"

namespace storing {

namespace {
constexpr std::uint64_t only_look = 7; // at the entry of the block
}

void Worker::begin(const guest::Machine& machine, std::uint64_t rings, std::uint64_t slots, std::uint64_t seed,
                   unsigned calls_for_a_block, Duel& duel, DuelTurn turn, Contest& contest) {
    contest_ = &contest;
    duel_ = &duel;
    turn_ = turn;
    hot_.begin(rings, hot_blocks, 3 * seed);
    warm_.begin(rings + hot_blocks * block_bytes, warm_blocks, 3 * seed + 1);
    cold_.begin(rings + (hot_blocks + warm_blocks) * block_bytes, cold_blocks, 3 * seed + 2);
    slots_.begin(machine, slots, seed);
    random_ = guest::Random(seed, 1);
    calls_for_a_block_ = calls_for_a_block;
}

void Worker::start() {
    turn_translation_on();
    slots_.set_segment();
    duel_->set_segment();
    for (Ring* ring : {&hot_, &warm_, &cold_})
        while (ring->rounds() == 0)
            ring->visit(only_look);
}

void Worker::step() {
    const std::uint64_t choice = random_.next();
    Ring& ring = choice % 4 < 2 ? hot_ : choice % 4 == 2 ? warm_ : cold_;
    ring.visit(choice >> 8);
    for (unsigned i = 0; i < calls_for_a_block_; ++i) {
        slots_.work();
        turn_(*duel_, choice + i);
        contest_->add((choice >> 16) + i);
    }
    contest_->look();
    Tally::count(tally().steps);
}

} // namespace storing
