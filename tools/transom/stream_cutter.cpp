// SPDX-License-Identifier: Apache-2.0
#include "stream_cutter.hpp"

#include "stream_fields.hpp"

#include <fmt/format.h>
#include <transom/migrate/checksum.hpp>

namespace transom::tool {

using namespace migrate;

std::size_t StreamCutter::read(std::span<std::byte> to) {
    from_.read(reinterpret_cast<char*>(to.data()), static_cast<std::streamsize>(to.size()));
    return static_cast<std::size_t>(from_.gcount());
}

std::optional<StreamRecord> StreamCutter::give_up(std::string what) {
    fault_ = {offset_, std::move(what)};
    return {};
}

std::optional<StreamRecord> StreamCutter::next() {
    if (fault_)
        return {};
    StreamRecord record{.offset = offset_, .header = {}, .payload = {}, .digest_before = digest_};
    const auto header = std::as_writable_bytes(std::span(&record.header, 1));
    const std::size_t had = read(header);
    if (had == 0)
        return {};
    if (record.header.magic != record_magic && had >= sizeof record_magic)
        return give_up(offset_ == 0 ? "it does not begin as a migration stream does" : "no record begins here");
    if (had < header.size())
        return give_up(fmt::format("it ends within a header: {} of {} bytes", had, header.size()));
    const auto checksum = static_cast<std::uint32_t>(xxh64(header.first(offsetof(RecordHeader, header_checksum))));
    if (checksum != record.header.header_checksum)
        return give_up("the header's checksum is wrong");
    if (record.header.length > max_payload)
        return give_up(
            fmt::format("a payload of {} bytes: {} may be", std::uint32_t{record.header.length}, max_payload));
    payload_.resize(record.header.length);
    if (const std::size_t got = read(payload_); got < payload_.size())
        return give_up(fmt::format("it ends within the payload of a {} record: {} of {} bytes",
                                   record_name(record.header.type), got, payload_.size()));
    record.payload = payload_;
    record.sound = xxh64(payload_) == record.header.payload_checksum;
    digest_ = xxh64(header, digest_);
    offset_ += header.size() + payload_.size();
    return record;
}

} // namespace transom::tool
