// SPDX-License-Identifier: Apache-2.0
#include "tally.hpp"
#include "call_check.hpp"
#include <fmt/format.h>
#include <numeric>

namespace transom::hcall_fuzz {

void Tally::add(std::uint64_t token, hcall::Outcome outcome) {
    if (outcome.then == hcall::Then::missing) {
        ++missing;
        return;
    }
    const hcall::Row* const row = row_named(token);
    const std::size_t index =
        row == nullptr ? hcall::unknown_row : static_cast<std::size_t>(row - hcall::rows().data());
    ++made[index];
    succeeded[index] += outcome.status == papr::Status::success;
}

std::string Tally::text() const {
    const auto sum = [](const auto& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); };
    std::string text =
        fmt::format("{} hypervisor calls, {} of them successful, {} no calls, {} made again for a page\n", sum(made),
                    sum(succeeded), made[hcall::unknown_row], missing);
    text += "never successful:";
    const auto all = hcall::rows();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (succeeded[i] == 0)
            text += fmt::format(" {} ({})", all[i].name, made[i]);
    return text;
}

} // namespace transom::hcall_fuzz
