// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/opcode.hpp>
#include <span>
#include <string_view>
#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Partition;
struct Vcpu;
} // namespace transom::partition

namespace transom::hcall {

/// One hypervisor call: arguments in gpr[4] and up, outputs to gpr[4] and up; dispatch writes the status to gpr[3].
using Handler = Outcome (*)(partition::Vcpu&);

/// Function sets of ibm,hypertas-functions. A set is advertised when the table has rows of it, and then with all the
/// calls that LoPAR puts into it (asserted in the table).
enum class Set : std::uint8_t {
    none, // found by other means than ibm,hypertas-functions
    pft,
    sprg0,
    dabr,
    copy,
    debug,
    term,
    interrupt,
    splpar,
    pic,
    bulk,
    xdabr,
    poll_pending,
    join,
    vasi,
    vphn,
    random,
    set_mode,
    block_remove,
    clr_hpt,
};

struct Row {
    papr::Op op;
    Set set;
    Handler handler;
    std::string_view name; // as LoPAR writes it
};

/// The calls that a partition can make, by rising token.
std::span<const Row> rows();

/// Null where there is none.
const Row* find(std::uint64_t token);

/// "hcall-pft" and so on; empty for Set::none.
std::string_view set_name(Set set);

/// The names of the sets that there are, each once: the strings of the device tree's ibm,hypertas-functions.
std::span<const std::string_view> hypertas_functions();

/// Whether the machine has what that set needs. Where not, its calls answer H_FUNCTION.
bool is_offered(std::string_view set, const partition::Partition& partition);

} // namespace transom::hcall
