// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <transom/migrate/page_state_table.hpp>
#include <vector>

namespace transom::migrate {

/// What an audit found that is not as it has to be (R41). Everything 0: no drift.
struct AuditResult {
    std::uint64_t drifting = 0;     // pages and regions whose count is not that of the grants
    std::uint64_t unlisted = 0;     // pages that have to go and are in no set
    std::uint64_t miscounted = 0;   // statuses of which there are more or fewer pages than counted
    std::uint64_t saturated = 0;    // pages whose grants were too many to count: no fault
    std::optional<PageIndex> first; // that drifts or is not listed

    bool sound() const { return drifting == 0 && unlisted == 0 && miscounted == 0; }
};

/// Counts store-permitting grants anew, from whoever can list them, and compares. While it counts nobody grants, ends grants,
/// claims or writes.
class PageAudit {
  public:
    explicit PageAudit(PageStateTable& table) : table_(table), pages_(table.pages()), regions_(table.regions()) {}

    void grant(LogicalAddr page, Bytes size) {
        if (size >= large_region) {
            for (Bytes done = 0; done < size; done += large_region)
                ++regions_[(page.value + done) / large_region];
            return;
        }
        for (std::uint64_t each = page_at(page).value; each <= page_at(page + (size - 1)).value; ++each)
            ++pages_[each];
    }
    AuditResult compare() {
        std::array<std::uint64_t, page_statuses> counts{};
        for (std::uint64_t index = 0; index < pages_.size(); ++index) {
            const PageIndex page{index};
            const PageState state = table_.entry(page);
            ++counts[static_cast<std::size_t>(state.status())];
            if (state.saturated())
                ++result_.saturated;
            else if (state.stores() != pages_[index])
                found(result_.drifting, page);
            if (has_to_be_listed(state.status()) && !table_.to_send().has(page) && !table_.altered().has(page))
                found(result_.unlisted, page);
        }
        for (std::uint64_t region = 0; region < regions_.size(); ++region)
            if (table_.region(region).live() != regions_[region])
                found(result_.drifting, page_at({region * large_region}));
        for (std::size_t status = 0; status < counts.size(); ++status)
            if (counts[status] != table_.count(static_cast<PageStatus>(status)))
                ++result_.miscounted;
        return result_;
    }

  private:
    PageIndex page_at(LogicalAddr address) const { return {address.value / table_.address_of({1}).value}; }
    static bool has_to_be_listed(PageStatus status) {
        return status == PageStatus::fresh || status == PageStatus::stale || status == PageStatus::hot;
    }
    void found(std::uint64_t& kind, PageIndex page) {
        ++kind;
        if (!result_.first)
            result_.first = page;
    }

    PageStateTable& table_;
    std::vector<std::uint32_t> pages_, regions_;
    AuditResult result_;
};

} // namespace transom::migrate
