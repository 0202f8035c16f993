// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/function_set.hpp>
#include <papr/opcode.hpp>
#include <span>
#include <string_view>
#include <transom/base/static_vector.hpp>
#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Partition;
struct Vcpu;
} // namespace transom::partition

namespace transom::hcall {

/// One hypervisor call: arguments in gpr[4] and up, outputs to gpr[4] and up; dispatch writes the status to gpr[3].
using Handler = Outcome (*)(partition::Vcpu&);

/// How many registers from r4 on a call takes and gives, at most: what a trace shows and a fuzzer fills.
struct Shape {
    std::uint8_t inputs;
    std::uint8_t outputs;
};

struct Row {
    papr::Op op;
    papr::FunctionSet set;
    Shape shape;
    Handler handler;
    std::string_view name; // as LoPAR writes it
};

/// The calls that a partition can make, by rising token.
std::span<const Row> rows();

/// Null where there is none.
const Row* find(std::uint64_t token);

/// The names of those sets of the table that a partition is allowed, each once: the strings of its device tree's
/// ibm,hypertas-functions.
constexpr std::size_t max_function_sets = 32;
using SetNames = StaticVector<std::string_view, max_function_sets>;
SetNames hypertas_functions(papr::FunctionSets allowed);

} // namespace transom::hcall
