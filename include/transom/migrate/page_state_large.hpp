// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <transom/base/address.hpp>

namespace transom::migrate {

/// From this size on a translation is counted once for its whole region and not in each of its pages, so that a call takes the
/// same time whatever the page size is.
constexpr Bytes large_region = mib(16);

/// The store-permitting translations of a region, and whether there was one that its pages have not been told of. Until they
/// are (PageStateTable::spread, the sender's work), a page of the region that counts as sent is not.
///
/// A sender's claim writes the page's entry and then looks here; a grant writes here, and who spreads it looks at the entries
/// after it. All of that is sequentially consistent: a claim that has not seen the grant is seen by who spreads it.
class LargeGrants {
  public:
    /// True: it is the only one now.
    bool raise() { return live_of(word_.fetch_add(one_grant | one_live, std::memory_order_seq_cst)) == 0; }
    /// False: there was none.
    bool lower() { return live_of(word_.fetch_sub(one_live, std::memory_order_seq_cst)) != 0; }

    /// Changes when a grant is made, ends or has been spread.
    struct Version {
        std::uint64_t word = 0;
        std::uint32_t spread = 0;
        bool operator==(const Version&) const = default;
        bool unspread() const { return grants_of(word) != spread; }
    };
    Version version() const { return {now(), spread_.load(std::memory_order_seq_cst)}; }

    std::uint32_t live() const { return live_of(now()); }
    /// Nobody stores by a large page, and the pages know of all who did.
    bool quiet() const {
        const Version version = this->version();
        return live_of(version.word) == 0 && !version.unspread();
    }
    bool unspread() const { return version().unspread(); }

    /// Counts of grants, ever, to be given to `told` when the pages have been told.
    std::uint32_t grants() const { return grants_of(now()); }
    void told(std::uint32_t grants) { spread_.store(grants, std::memory_order_seq_cst); }

  private:
    static constexpr std::uint64_t one_live = 1;
    static constexpr std::uint64_t one_grant = std::uint64_t{1} << 32;
    static constexpr std::uint32_t live_of(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
    static constexpr std::uint32_t grants_of(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
    std::uint64_t now() const { return word_.load(std::memory_order_seq_cst); }

    std::atomic<std::uint64_t> word_{0}; // [63:32] grants ever, [31:0] live now
    std::atomic<std::uint32_t> spread_{0};
};

} // namespace transom::migrate
