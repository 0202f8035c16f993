// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <transom/memory/frames.hpp>
#include <transom/migrate/hello.hpp>

namespace transom::migrate {

/// Where the digests of a moving partition's granules are put, and those of the last completed move are kept, and of partitions in doubt,
/// whose move may still be completed: a move that comes to nothing takes no others' away.
class MoveDigests {
  public:
    explicit MoveDigests(memory::Frames& frames) : frames_(frames) {}

    /// A word for each granule of a move that begins, valid until it is kept or dropped, in the place of one that was neither. Where memory is short the last
    /// completed move's give way. Nothing: not even that was enough.
    std::optional<std::span<std::uint64_t>> begin(const PartitionShape& shape);
    /// The same for a move that may come to nothing without its fault, at the target or where somebody only wants to know: nothing gives way.
    std::optional<std::span<std::uint64_t>> begin_beside(const PartitionShape& shape);
    /// Whether what the last completed move's have is enough for it.
    bool could_give_way(const PartitionShape& shape) const {
        return kept_ != nullptr && kept_->memory.size >= size_for(shape);
    }
    /// The move of this partition is completed: from now on of() answers its digests.
    void keep(std::string_view name);
    /// The move has come to nothing.
    void drop() { release(making_); }
    /// The move in progress has ended in doubt, if it was that partition's: forget() or keep() say what has become of it.
    void set_aside(std::string_view name);
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
        Table* next = nullptr; // in doubt, too

        bool is_of(std::string_view who) const { return who == std::string_view(name.data()); }
    };
    static Bytes size_for(const PartitionShape& shape);
    static std::span<std::uint64_t> words(const Table& table);
    void release(Table*& table);
    Table** doubted(std::string_view name);

    memory::Frames& frames_;
    Table* making_ = nullptr;
    Table* kept_ = nullptr;
    Table* doubted_ = nullptr;
};

} // namespace transom::migrate
