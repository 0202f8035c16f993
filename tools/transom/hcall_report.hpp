// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_run.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace transom::tool {

/// The runs of one `transom bench hcall`.
struct HcallRuns {
    BenchRun plain = {};                  ///< Transom, with the user's QEMU: PMC5 and ticks
    std::optional<BenchRun> counted = {}; ///< Transom under -icount
    std::optional<BenchRun> peer = {};    ///< KVM-HV under -icount
};

/// What one operation costs.
struct HcallRow {
    std::string name;
    double instructions = 0; ///< exact where there was a run under -icount, else what PMC5 saw
    double pmc5 = 0;
    double ticks = 0;
    std::optional<double> kvm_hv = {}; ///< instructions

    std::optional<double> ratio() const;
};

std::vector<HcallRow> hcall_rows(const HcallRuns& runs);
/// {"NAME": {"instructions":, "pmc5":, "ticks":, "kvm_hv":, "ratio":}, ...}; the last two where there is a peer.
nlohmann::ordered_json hcall_json(const std::vector<HcallRow>& rows);
std::string hcall_table(const std::vector<HcallRow>& rows);

} // namespace transom::tool
