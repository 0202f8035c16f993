// SPDX-License-Identifier: Apache-2.0
#include "metrics.hpp"

namespace transom::affinity {

namespace {

std::optional<Fraction> share(const Nodes&, const Place& place, std::uint32_t) {
    std::uint64_t memory = 0, processing = 0;
    for (const Amounts& amounts : place.on) {
        memory += amounts.memory;
        processing += amounts.processing;
    }
    if (memory == 0 || processing == 0)
        return {};
    Fraction sum = 0;
    for (const Amounts& amounts : place.on) {
        if (amounts.memory == 0 || amounts.processing == 0)
            continue;
        const Fraction a = (std::uint64_t{amounts.memory} << fraction_bits) / memory;
        const Fraction b = (std::uint64_t{amounts.processing} << fraction_bits) / processing;
        sum += (whole - (a > b ? a - b : b - a)) * (a + b) / 2; // all together at most whole * whole
    }
    return sum >> fraction_bits;
}

} // namespace

/// US 7,673,114, claims 1 and 2. The printed formula lacks the bars: without them a partition that lies in one node has less than 0.
constinit const Metric claimed_metric = {
    .formula = Formula::claimed,
    .name = "claimed",
    .text = "sum over nodes of (100 - |PM - PC|) * (PM + PC) / 200, 0 where PM or PC is 0; PM, PC: per cent of its "
            "memory, processing",
    .normalised = false,
    .share = share,
};

} // namespace transom::affinity
