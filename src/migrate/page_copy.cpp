// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <transom/migrate/lz4_block.hpp>
#include <transom/migrate/page_copy.hpp>

namespace transom::migrate {

std::expected<PageCopy, Failure> PageCopy::of(const Record& record, Bytes granule) {
    const auto head = record.as<PageRecord>(false);
    PageCopy copy;
    if (head) {
        copy.type_ = record.type;
        copy.head_ = *head;
        copy.rest_ = record.payload.subspan(sizeof(PageRecord));
        copy.granule_ = granule;
    }
    const std::size_t size = copy.rest_.size();
    if (!head || (copy.is_packed() ? size == 0 || size >= granule : size != granule))
        return std::unexpected(failure(MoveError::record_length, "a record of type {} has {} bytes",
                                       static_cast<unsigned>(record.type), record.payload.size()));
    return copy;
}

bool PageCopy::put_into(std::span<std::byte> granule) const {
    if (is_packed())
        return lz4_decompress(rest_, granule);
    std::memcpy(granule.data(), rest_.data(), granule.size());
    return true;
}

} // namespace transom::migrate
