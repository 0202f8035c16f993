// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault_oracle.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// What the faults of one run came to.
struct FaultReport {
    std::string guest, machine, mode;
    std::string part;                     ///< "2/3" of all; empty: all of them
    std::size_t planned = 0;              ///< of that part
    std::size_t cells = 0;                ///< that came about
    std::vector<std::string> not_reached; ///< whose record was not sent, though it was tried again
    std::vector<std::string> wrong;       ///< a line for each that did not end as it has to
    std::vector<nlohmann::ordered_json> rows;
    double total_s = 0;

    /// One that came about, and what of it was not as it had to be.
    void note(const FaultCell& cell, const Happened& happened, Outcome wanted, Outcome found, const std::string& word,
              const std::vector<std::string>& complaints);
    /// One that did not.
    void note_absent(const FaultCell& cell);
    /// What is wrong with the run as a whole, and with its cells.
    std::vector<std::string> complaints() const;
    nlohmann::ordered_json json() const;
    std::string text() const;
};

} // namespace transom::tool
