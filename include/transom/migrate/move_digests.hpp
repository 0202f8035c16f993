// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <transom/memory/frames.hpp>
#include <transom/migrate/hello.hpp>

namespace transom::migrate {

/// Where the digests of a partition's granules are put while it arrives or leaves, and those of the last completed move are kept: a move
/// that comes to nothing takes no others' away.
class MoveDigests {
  public:
    explicit MoveDigests(memory::Frames& frames) : frames_(frames) {}

    /// A word for each granule of a partition that arrives, valid until it is kept or dropped, in the place of one that was neither. Nothing:
    /// no memory. It may come to nothing, so nothing gives way.
    std::optional<std::span<std::uint64_t>> begin_arriving(const PartitionShape& shape);
    /// All of it is here: from now on of() answers its digests.
    void keep_arrived();
    /// It does not come.
    void drop_arriving() { release(arriving_); }
    /// The same for one that leaves, whatever arrives meanwhile; one at a time, and it is kept. Where memory is short the last completed
    /// move's give way.
    std::optional<std::span<std::uint64_t>> begin_leaving(const PartitionShape& shape);
    void keep_left() { keep(leaving_); }
    /// The last completed move was that partition's, and of a later one there are none.
    void forget(std::string_view name);

    /// Of the last completed move, if it was that partition's.
    std::span<const std::uint64_t> of(std::string_view name) const;
    Bytes granule() const { return kept_ == nullptr ? 0 : kept_->granule; }

  private:
    /// At the beginning of its memory; the words follow.
    struct Table {
        RealRange memory{};
        std::uint64_t granules = 0;
        Bytes granule = 0;
        NameField name{};

        bool is_of(std::string_view who) const { return who == std::string_view(name.data()); }
    };
    static Bytes size_for(const PartitionShape& shape);
    static std::span<std::uint64_t> words(const Table& table);
    std::optional<std::span<std::uint64_t>> begin(const PartitionShape& shape, Table*& table);
    void keep(Table*& table);
    void release(Table*& table);

    memory::Frames& frames_;
    Table* arriving_ = nullptr;
    Table* leaving_ = nullptr;
    Table* kept_ = nullptr;
};

} // namespace transom::migrate
