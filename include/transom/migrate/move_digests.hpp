// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <transom/memory/frames.hpp>
#include <transom/migrate/hello.hpp>

namespace transom::migrate {

/// Where the digests of a moving partition's granules are put, and those of the last completed move are kept: a move that
/// comes to nothing takes no others' away.
class MoveDigests {
  public:
    /// What a move needs; valid until it is kept or dropped.
    struct Words {
        std::span<std::uint64_t> digests; // one for each granule
        std::span<std::uint64_t> arrived; // a bit for each
    };

    explicit MoveDigests(memory::Frames& frames) : frames_(frames) {}

    /// For a move that begins, in the place of one that was neither kept nor dropped. Where memory is short the last
    /// completed move's give way. Nothing: not even that was enough.
    std::optional<Words> begin(const PartitionShape& shape);
    /// The move of this partition is completed: from now on of() answers its digests.
    void keep(std::string_view name);
    /// The move has come to nothing.
    void drop() { release(making_); }

    /// Of the last completed move, if it was that partition's.
    std::span<const std::uint64_t> of(std::string_view name) const;
    Bytes granule() const { return kept_.granule; }

  private:
    struct Table {
        RealRange memory{};
        std::uint64_t granules = 0;
        Bytes granule = 0;
        NameField name{};
    };
    static std::span<std::uint64_t> words(const Table& table);
    void release(Table& table);

    memory::Frames& frames_;
    Table making_;
    Table kept_;
};

} // namespace transom::migrate
