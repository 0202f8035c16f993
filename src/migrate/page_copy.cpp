// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/migrate/lz4_block.hpp>
#include <transom/migrate/page_copy.hpp>
#include <transom/migrate/page_delta.hpp>

namespace transom::migrate {

namespace {

bool is_of_length(RecordType type, std::size_t rest, Bytes granule) {
    return type == RecordType::page ? rest == granule : rest != 0 && rest < granule;
}

} // namespace

std::expected<PageCopy, Failure> PageCopy::of(const Record& record, Bytes granule) {
    const auto wrong_length = [&] {
        return std::unexpected(failure(MoveError::record_length, "a record of type {} has {} bytes",
                                       static_cast<unsigned>(record.type), record.payload.size()));
    };
    const auto head = record.as<PageRecord>(false);
    if (!head || !is_of_length(record.type, record.payload.size() - sizeof(PageRecord), granule))
        return wrong_length();
    PageCopy copy;
    copy.type_ = record.type;
    copy.head_ = *head;
    copy.rest_ = record.payload.subspan(sizeof(PageRecord));
    copy.granule_ = granule;
    copy.size_ = record.payload.size();
    if (record.type != RecordType::page_delta)
        return copy;
    const auto delta = record.as<PageDeltaRecord>(false);
    if (!delta)
        return wrong_length();
    copy.base_ = delta->base;
    copy.rest_ = record.payload.subspan(sizeof(PageDeltaRecord));
    if (!is_sound_delta(copy.rest_, granule))
        return std::unexpected(failure(MoveError::record_content,
                                       "what has changed of granule {} is not what its bits say", copy.index()));
    return copy;
}

bool PageCopy::put_into(std::span<std::byte> granule) const {
    switch (type_) {
    case RecordType::page:
        std::memcpy(granule.data(), rest_.data(), granule.size());
        return true;
    case RecordType::packed_page:
        return lz4_decompress(rest_, granule);
    case RecordType::page_delta:
        apply_delta(rest_, granule);
        return true;
    default:
        panic("a record that is no page");
    }
}

} // namespace transom::migrate
