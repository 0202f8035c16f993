// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/protection.hpp>
#include <transom/hpt/table_root.hpp>
#include <transom/partition/vcpu.hpp>

namespace arch {

/// The table on which a virtual processor goes on, which is not in the partition yet, or in the hypervisor for one of its faults.
void take_table(transom::partition::Vcpu& vcpu);

/// Whether the virtual processor inside walks the second table, whose faults are the hypervisor's first.
bool walks_second_table(const transom::partition::Vcpu& vcpu);

/// What becomes of an access that has failed in the second table.
enum class Served : std::uint8_t {
    again,   // it is to be made again
    reflect, // it is the partition's own affair, for the cause that T1 gives
    wait,    // its page is not here yet: it is to be made again when that has come
};

/// An access of the virtual processor inside has failed in the second table. `cause`: why, as HDSISR or HSRR1 have it.
Served serve_second_table(transom::partition::Vcpu& vcpu, transom::EffectiveAddr address,
                          transom::dual::AccessKind kind, std::uint64_t& cause);

/// Base and size of a table, as SDR1 and the partition-table entry have them.
constexpr std::uint64_t table_word(const transom::hpt::TableRoot& root) {
    return root.address.value | (root.log2_bytes - 18);
}

} // namespace arch
