// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <transom/affinity/allocation.hpp>
#include <transom/affinity/valuation.hpp>

namespace transom::affinity {

/// Looks for an allocation of greater value. It takes partitions out and puts them in again, each to the best place that it finds in the
/// room there is then: first one by one, then all of them from an empty machine, then a few at a time for as long as it may. The same
/// start gives the same result. It may be stopped at any time; the best so far is always an allocation that could be.
class Search {
  public:
    static Bytes room_for(std::size_t nodes, std::size_t partitions);
    /// `work`: how much it may do altogether; a unit is one place that is considered, some tenths of a microsecond.
    Search(const Valuation& valuation, std::uint64_t work, std::span<std::byte> room);

    /// Does about so much more. False: there is nothing left to do.
    bool improve(std::uint64_t work);
    const Allocation& best() const { return best_; }

  private:
    using Value = Valuation::Value;
    enum class Stage : std::uint8_t { each, all, some, over };
    static constexpr std::size_t most_at_once = 8;
    struct Kept { // of a partition that is taken out
        std::size_t partition = 0;
        Spot spot;
        Value value = 0;
    };

    std::uint64_t draw(std::uint64_t below);
    bool put_best(std::size_t partition);
    void keep(std::size_t partition, Kept& kept);
    void put_back(const Kept& kept);
    void sort_by_loss();
    void sort_by_size();
    void each();
    void all();
    void put_all();
    void begin_round();
    void some();
    std::size_t choose(std::span<std::size_t> chosen);
    void change(std::size_t partition);
    void take_if_better();
    void back_to_best();

    const Valuation& valuation_;
    const std::uint64_t work_;
    std::uint64_t left_;
    std::uint64_t random_ = 0x9e3779b97f4a7c15; // any but 0
    Stage stage_ = Stage::each;
    std::size_t next_ = 0; // of Stage::each
    Allocation now_, best_;
    std::uint64_t rounds_ = 1, round_ = 0;               // of Stage::some
    Value value_ = 0, best_value_ = 0, round_value_ = 0; // of now_, of best_, the greatest of this round
    bool noisy_ = false;
    bool anybody_asked_ = false;
    std::span<Value> values_;          // by partition, of now_
    std::span<std::uint16_t> movable_; // partitions that may move
    std::span<std::uint16_t> changed_; // partitions that are elsewhere in best_,
    std::size_t changed_count_ = 0;    // so many,
    std::span<bool> is_changed_;       // and which, by partition
    std::array<Kept, most_at_once> kept_;
};

} // namespace transom::affinity
