// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/record_writer.hpp>

namespace transom::migrate {

void RecordWriter::finish(RecordType type, std::size_t length, std::uint16_t flags) {
    invariant(!pending(), "a record is written over one that waits");
    invariant(length <= payload().size() && length <= max_payload, "a record longer than its buffer");
    RecordHeader header;
    header.type = static_cast<std::uint16_t>(type);
    header.flags = flags;
    header.sequence = sequence_;
    header.payload_checksum = xxh64(payload().first(length));
    header.length = static_cast<std::uint32_t>(length);
    const auto bytes = std::as_bytes(std::span(&header, 1));
    header.header_checksum =
        static_cast<std::uint32_t>(xxh64(bytes.first(sizeof header - sizeof header.header_checksum)));
    std::memcpy(buffer_.data(), &header, sizeof header);
    digest_ = xxh64(bytes, digest_);
    ++sequence_;
    sealed_ = sizeof header + length;
    sent_ = 0;
    bytes_ += sealed_;
}

void RecordWriter::write_bytes(RecordType type, std::span<const std::byte> bytes) {
    invariant(!pending(), "a record is written over one that waits");
    invariant(bytes.size() <= payload().size(), "a record longer than its buffer");
    if (!bytes.empty()) // memcpy takes no null pointer
        std::memcpy(payload().data(), bytes.data(), bytes.size());
    finish(type, bytes.size());
}

std::size_t RecordWriter::flush_some(net::ByteStream& stream) {
    const std::size_t taken = stream.send(waiting());
    sent_ += taken;
    return taken;
}

bool RecordWriter::flush(net::ByteStream& stream) {
    while (pending() && flush_some(stream) != 0) {}
    return !pending();
}

} // namespace transom::migrate
