// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <optional>
#include <transom/migrate/page_arrivals.hpp>
#include <transom/migrate/record_reader.hpp>

namespace transom::migrate {

/// At the target: a page's copy in whichever record it has come. The record's payload outlives it.
class PageCopy {
  public:
    /// Of a record of one of the types page, packed_page and page_delta. Errors: it is too short or too long, or a delta is not as long as
    /// it says.
    static std::expected<PageCopy, Failure> of(const Record& record, Bytes granule);

    RecordType type() const { return type_; }
    std::uint64_t index() const { return head_.index; }
    CopyOrder order() const { return head_.order; }
    /// The copy that has to be in the granule, if any, for this one to be made of it.
    std::optional<CopyOrder> base() const { return base_; }
    /// What it takes less than the granule's bytes would.
    Bytes saved() const { return granule_ + sizeof(PageRecord) - size_; }
    /// Writes all of the granule, or what has changed of it, and nothing else. False: it is not what it says; what is in the granule is
    /// rubbish then.
    [[nodiscard]] bool put_into(std::span<std::byte> granule) const;

  private:
    RecordType type_{};
    PageRecord head_;
    std::optional<CopyOrder> base_;
    std::span<const std::byte> rest_;
    Bytes granule_ = 0, size_ = 0;
};

} // namespace transom::migrate
