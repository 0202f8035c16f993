// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <transom/fault/framing.hpp>
#include <transom/migrate/record.hpp>

namespace transom::fault {

std::optional<RecordHead> stream_framing(std::span<const std::byte> first) {
    migrate::RecordHeader header;
    if (first.size() < sizeof header)
        return {};
    std::memcpy(&header, first.data(), sizeof header);
    const auto type = static_cast<migrate::RecordType>(std::uint16_t{header.type});
    return RecordHead{.type = header.type,
                      .size = sizeof header + header.length,
                      .of_channel = type == migrate::RecordType::join || type == migrate::RecordType::received};
}

std::optional<RecordHead> sealed_framing(std::span<const std::byte> first) {
    constexpr std::size_t head = 5; // type, two of the version, two of the length
    if (first.size() < head)
        return {};
    const auto length = std::to_integer<std::uint64_t>(first[3]) << 8 | std::to_integer<std::uint64_t>(first[4]);
    return RecordHead{.type = std::to_integer<std::uint16_t>(first[0]), .size = head + length};
}

} // namespace transom::fault
