// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <transom/migrate/error.hpp>
#include <transom/migrate/record.hpp>

namespace transom::migrate {

/// A whole, undamaged record. The payload lives in the reader until the next call of feed().
struct Record {
    RecordType type{};
    bool mandatory = true;
    std::span<const std::byte> payload;

    /// The fixed part at the start of the payload. Nothing where the payload is shorter, or longer and `exact`.
    template <class T> std::optional<T> as(bool exact = true) const {
        if (payload.size() < sizeof(T) || (exact && payload.size() != sizeof(T)))
            return std::nullopt;
        T object;
        std::memcpy(&object, payload.data(), sizeof object);
        return object;
    }
};

/// Cuts one direction of a stream into records. Holds one record at most, in the caller's buffer; nothing of a record is
/// seen by anybody before its checksums are right.
class RecordReader {
  public:
    /// `buffer` outlives the reader. It holds the largest record that may come: max_record bytes towards the target.
    explicit RecordReader(std::span<std::byte> buffer);

    struct Fed {
        std::size_t consumed = 0;
        std::optional<Record> record;
    };
    /// Takes bytes up to the end of one record. After an error the stream is unusable.
    std::expected<Fed, Failure> feed(std::span<const std::byte> bytes);

    std::uint64_t records() const { return sequence_; }
    std::uint64_t bytes() const { return bytes_; }
    /// The stream digest of the records read so far, and of those before the last one.
    std::uint64_t digest() const { return digest_; }
    std::uint64_t digest_before_last() const { return digest_before_last_; }

    void reset();
    /// Overwrites the last record: it may be a page of a partition's.
    void erase() { std::ranges::fill(buffer_, std::byte{0}); }

  private:
    std::optional<Failure> check_header();

    std::span<std::byte> buffer_;
    std::size_t held_ = 0;
    std::size_t wanted_ = sizeof(RecordHeader);
    RecordHeader header_;
    std::uint64_t sequence_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t digest_ = 0;
    std::uint64_t digest_before_last_ = 0;
};

} // namespace transom::migrate
