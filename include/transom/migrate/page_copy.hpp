// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <transom/migrate/page_arrivals.hpp>
#include <transom/migrate/record_reader.hpp>

namespace transom::migrate {

/// At the target: a page's copy in whichever record it has come. The record's payload outlives it.
class PageCopy {
  public:
    /// Of a record of one of the types page and packed_page. Errors: it is too short or too long.
    static std::expected<PageCopy, Failure> of(const Record& record, Bytes granule);

    std::uint64_t index() const { return head_.index; }
    CopyOrder order() const { return head_.order; }
    bool is_packed() const { return type_ == RecordType::packed_page; }
    /// What it takes less than the granule's bytes would.
    Bytes saved() const { return granule_ - rest_.size(); }
    /// Writes all of the granule, and nothing else. False: it is not what it says; what is in the granule is rubbish then.
    [[nodiscard]] bool put_into(std::span<std::byte> granule) const;

  private:
    RecordType type_{};
    PageRecord head_;
    std::span<const std::byte> rest_;
    Bytes granule_ = 0;
};

} // namespace transom::migrate
