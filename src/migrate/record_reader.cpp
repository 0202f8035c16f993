// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/panic.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/record_reader.hpp>

namespace transom::migrate {

RecordReader::RecordReader(std::span<std::byte> buffer) : buffer_(buffer) {
    invariant(buffer.size() > sizeof(RecordHeader), "record buffer too small");
}

void RecordReader::reset() { *this = RecordReader(buffer_); }

std::optional<Failure> RecordReader::check_header() {
    std::memcpy(&header_, buffer_.data(), sizeof header_);
    if (header_.magic != record_magic) {
        if (sequence_ == 0)
            return failure(MoveError::not_a_transom,
                           "the peer does not speak Transom's migration protocol: check its address and port");
        return failure(MoveError::damaged_record, "record {} does not begin with a header", sequence_);
    }
    const std::uint64_t checksum = xxh64(buffer_.first(sizeof header_ - sizeof header_.header_checksum));
    if (static_cast<std::uint32_t>(checksum) != header_.header_checksum)
        return failure(MoveError::damaged_record, "the header of record {} is damaged", sequence_);
    if (header_.sequence != sequence_)
        return failure(MoveError::sequence, "record {} came where record {} belongs", std::uint64_t{header_.sequence},
                       sequence_);
    if (const std::size_t most = std::min<std::size_t>(max_payload, buffer_.size() - sizeof header_);
        header_.length > most)
        return failure(MoveError::record_length, "record {} has {} bytes, at most {} may be", sequence_,
                       std::uint32_t{header_.length}, most);
    if ((header_.flags & ~flag_mandatory) != 0)
        return failure(MoveError::record_content, "record {} has undefined flags {:#x}", sequence_,
                       std::uint16_t{header_.flags});
    return std::nullopt;
}

std::expected<RecordReader::Fed, Failure> RecordReader::feed(std::span<const std::byte> bytes) {
    Fed fed;
    while (true) {
        const std::size_t n = std::min(wanted_ - held_, bytes.size() - fed.consumed);
        std::memcpy(buffer_.data() + held_, bytes.data() + fed.consumed, n);
        held_ += n;
        fed.consumed += n;
        bytes_ += n;
        if (held_ < wanted_)
            return fed;
        if (held_ == sizeof(RecordHeader)) {
            if (const auto wrong = check_header())
                return std::unexpected(*wrong);
            wanted_ += header_.length;
            if (held_ < wanted_)
                continue;
        }
        break;
    }
    const auto payload = buffer_.subspan(sizeof(RecordHeader), header_.length);
    if (xxh64(payload) != header_.payload_checksum)
        return std::unexpected(failure(MoveError::damaged_record, "the payload of record {} is damaged", sequence_));
    digest_before_last_ = digest_;
    digest_ = xxh64(buffer_.first(sizeof(RecordHeader)), digest_);
    ++sequence_;
    held_ = 0;
    wanted_ = sizeof(RecordHeader);
    fed.record =
        Record{static_cast<RecordType>(std::uint16_t{header_.type}), (header_.flags & flag_mandatory) != 0, payload};
    return fed;
}

} // namespace transom::migrate
