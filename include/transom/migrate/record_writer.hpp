// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/migrate/record.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

/// Makes one direction of a stream, one record at a time: fill payload(), finish() it, then flush() until pending() is
/// false. Holds one record at most, in the caller's buffer.
class RecordWriter {
  public:
    /// `buffer` holds max_record bytes, or what the largest record to be written needs, and outlives the writer.
    explicit RecordWriter(std::span<std::byte> buffer) : buffer_(buffer) {}

    /// Where the next record's payload is put. Only while nothing is pending.
    std::span<std::byte> payload() { return buffer_.subspan(sizeof(RecordHeader)); }
    /// Seals the record whose payload is the first `length` bytes of payload().
    void finish(RecordType type, std::size_t length, std::uint16_t flags = flag_mandatory);
    /// A record whose payload is one structure.
    template <class T> void write(RecordType type, const T& object) {
        write_bytes(type, std::as_bytes(std::span(&object, 1)));
    }
    void write_bytes(RecordType type, std::span<const std::byte> bytes);

    /// Whether a record waits to be taken, wholly or in part.
    bool pending() const { return sent_ < sealed_; }
    std::span<const std::byte> waiting() const { return buffer_.subspan(sent_, sealed_ - sent_); }
    /// Gives the connection what it takes of the record; how many bytes that was.
    std::size_t flush_some(net::ByteStream& stream);
    /// The same again and again. True: nothing is left.
    bool flush(net::ByteStream& stream);

    std::uint64_t records() const { return sequence_; }
    std::uint64_t bytes() const { return bytes_; }
    /// The stream digest of the records sealed so far.
    std::uint64_t digest() const { return digest_; }

    void reset() { *this = RecordWriter(buffer_); }
    /// Overwrites the last record: it may be a page of a partition's. Only when there is nobody any more who takes what waits.
    void erase() { std::ranges::fill(buffer_, std::byte{0}); }

  private:
    std::span<std::byte> buffer_;
    std::size_t sealed_ = 0;
    std::size_t sent_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t digest_ = 0;
};

} // namespace transom::migrate
