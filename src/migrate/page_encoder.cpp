// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <transom/migrate/page_encoder.hpp>

namespace transom::migrate {

namespace {

/// Looking for repetitions in a page takes less than half of what encrypting it does, so with less saved than that nothing is gained.
constexpr Bytes pays(Bytes granule) { return granule - granule / 4; }

} // namespace

PageEncoder::Encoded PageEncoder::encode(std::span<std::byte> payload) {
    const auto bytes = payload.subspan(sizeof(PageRecord));
    if (compression_.next()) {
        const std::size_t size = lz4_.compress(bytes, std::span(work_).first(pays(bytes.size())));
        compression_.note(size != 0);
        if (size != 0) {
            std::memcpy(bytes.data(), work_.data(), size);
            return {RecordType::packed_page, sizeof(PageRecord) + size};
        }
    }
    return {RecordType::page, payload.size()};
}

} // namespace transom::migrate
