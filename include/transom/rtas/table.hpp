// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <transom/base/static_vector.hpp>
#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Vcpu;
}

namespace transom::rtas {

/// Status words that RTAS calls answer in their first output cell. LoPAR "RTAS status word values".
constexpr std::int32_t success = 0;
constexpr std::int32_t no_events = 1; // event-scan: no errors found
constexpr std::int32_t hardware_error = -1;
constexpr std::int32_t busy = -2;
constexpr std::int32_t parameter_error = -3;

/// Largest argument block that is looked at; Linux has room for 16 cells in all.
constexpr std::uint32_t max_inputs = 16;
constexpr std::uint32_t max_outputs = 16;

using Inputs = std::span<const std::uint32_t>;

/// What a call answers, and what it does once its answer is in the partition's memory. Splitting the two lets a call
/// that meets a missing page be made again: nothing has happened before `effect`.
struct Reply {
    std::int32_t status = success;
    StaticVector<std::uint32_t, max_outputs> values; // output cells after the status
    void (*effect)(partition::Vcpu&, Inputs) = nullptr;
    hcall::Then then = hcall::Then::resume; // missing: the call needs a page that is not here
};

using Handler = Reply (*)(partition::Vcpu&, Inputs);

struct Row {
    std::uint32_t token;
    std::string_view name; // property of the device tree's /rtas node that carries the token
    std::uint8_t inputs;   // number of input cells
    std::uint8_t outputs;  // number of output cells, the status included
    Handler handler;
};

/// The RTAS calls that a partition can make, by rising token.
std::span<const Row> rows();

/// Carries out the call whose argument block is at `block` in the partition's memory (H_RTAS).
hcall::Outcome call(partition::Vcpu& vcpu, LogicalAddr block);

} // namespace transom::rtas
