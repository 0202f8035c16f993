// SPDX-License-Identifier: Apache-2.0
#include "pass_report.hpp"
#include "failure.hpp"

#include <array>

namespace transom::tool {
namespace {

constexpr std::array counts = {"pass",    "pages_sent",  "zero_pages", "pages_resent", "pages_left", "hot",
                               "evicted", "sweep_ticks", "tlbies",     "dirty_rate",   "bandwidth",  "predicted_left"};

std::uint64_t number(const Fields& pass, std::string_view name) {
    const auto value = pass.number(name);
    if (!value)
        fail("the source does not say {} of a pass", name);
    return *value;
}

} // namespace

nlohmann::ordered_json passes_json(const std::vector<Fields>& passes, std::uint64_t timebase) {
    const auto milliseconds = [&](std::uint64_t ticks) {
        return static_cast<double>(ticks) * 1e3 / static_cast<double>(timebase);
    };
    auto list = nlohmann::ordered_json::array();
    for (const Fields& pass : passes) {
        nlohmann::ordered_json each;
        for (const char* name : counts)
            each[name] = number(pass, name);
        each["ms"] = milliseconds(number(pass, "ticks"));
        each["predicted_stop_ms"] = milliseconds(number(pass, "predicted_stop_ticks"));
        list.push_back(std::move(each));
    }
    return list;
}

} // namespace transom::tool
