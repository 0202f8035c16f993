// SPDX-License-Identifier: Apache-2.0
#include "stream_granules.hpp"

#include <algorithm>
#include <span>
#include <transom/base/address.hpp>

namespace transom::tool {

void StreamGranules::begin(std::uint64_t memory_bytes, std::uint64_t granule_bytes) {
    constexpr Bytes most = gib(64), least = kib(4); // docs/stream.md, hello
    const std::uint64_t granule = std::max<std::uint64_t>(granule_bytes, least);
    granules_.assign(std::min<std::uint64_t>(memory_bytes, most) / granule, {});
}

bool StreamGranules::note(std::uint64_t first, std::uint64_t count, GranuleKind kind) {
    if (first > granules_.size() || count > granules_.size() - first)
        return false;
    for (Granule& one : std::span(granules_).subspan(first, count)) {
        const bool again = one.kind() != GranuleKind::unsent;
        resends_ += again ? 1 : 0;
        one.word = static_cast<std::uint8_t>(static_cast<unsigned>(kind) | (again ? Granule::sent_again : 0u));
    }
    (kind == GranuleKind::data ? in_full_ : as_zero_) += count;
    if (stopped_)
        after_stop_ += count;
    return true;
}

nlohmann::ordered_json StreamGranules::json() const {
    const auto count = [&](GranuleKind kind) { return std::ranges::count(granules_, kind, &Granule::kind); };
    return {{"granules", granules_.size()},
            {"data", count(GranuleKind::data)},
            {"zero", count(GranuleKind::zero)},
            {"unsent", count(GranuleKind::unsent)},
            {"resends", resends_},
            {"granules_sent_again", std::ranges::count_if(granules_, &Granule::again)},
            {"sent_after_the_stop", after_stop_},
            {"zero_in_full", needless_}};
}

} // namespace transom::tool
