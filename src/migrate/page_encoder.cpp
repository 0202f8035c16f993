// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <transom/migrate/page_delta.hpp>
#include <transom/migrate/page_encoder.hpp>

namespace transom::migrate {

namespace {

/// Looking for repetitions in a page takes less than half of what encrypting it does, so with less saved than that nothing is gained.
constexpr Bytes pays(Bytes granule) { return granule - granule / 4; }
/// More than that is not much less than the page takes when it is packed.
constexpr Bytes largest_delta(Bytes granule) { return granule / 4; }

} // namespace

void PageEncoder::begin(Bytes granule, std::span<std::byte> room) {
    compression_ = {};
    copies_ = SentCopies(granule, room);
}

void PageEncoder::end() {
    forget_all();
    std::ranges::fill(work_, std::byte{0});
}

PageEncoder::Encoded PageEncoder::encode(std::span<std::byte> payload, std::uint32_t lane, bool again) {
    if (again)
        if (const Encoded delta = put_delta(payload, lane); delta.size != 0)
            return delta;
    return pack(payload);
}

std::optional<std::uint32_t> PageEncoder::lane_of(std::uint64_t index) {
    const SentCopies::Copy* const kept = copies_.find({index});
    return kept == nullptr ? std::nullopt : std::optional(kept->lane);
}

/// What is kept is this copy afterwards. No size: it does not go as a delta.
PageEncoder::Encoded PageEncoder::put_delta(std::span<std::byte> payload, std::uint32_t lane) {
    PageRecord page;
    std::memcpy(&page, payload.data(), sizeof page);
    const auto bytes = payload.subspan(sizeof page);
    SentCopies::Copy* const kept = copies_.find({page.index});
    SentCopies::Copy* const copy = kept != nullptr ? kept : copies_.place_for({page.index});
    if (copy == nullptr)
        return {};
    std::size_t size = 0;
    if (kept != nullptr && kept->lane == lane) {
        size = make_delta(copies_.bytes(*copy), bytes, std::span(work_).first(largest_delta(bytes.size())));
        if (size == 0) { // nearly all of it changes: another page may have the place
            forget(page.index);
            return {};
        }
    }
    const std::span delta = std::span(work_).first(size);
    if (size != 0)
        apply_delta(delta, copies_.bytes(*copy));
    else
        std::ranges::copy(bytes, copies_.bytes(*copy).begin());
    const PageDeltaRecord record{page.index, page.order, copy->order};
    copy->order = page.order;
    copy->lane = lane;
    if (size == 0)
        return {};
    std::memcpy(payload.data(), &record, sizeof record);
    std::ranges::copy(delta, payload.begin() + sizeof record);
    return {RecordType::page_delta, sizeof record + size};
}

PageEncoder::Encoded PageEncoder::pack(std::span<std::byte> payload) {
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
