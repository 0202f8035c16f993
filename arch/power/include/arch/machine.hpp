// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/base/address.hpp>
#include <transom/partition/spr_list.hpp>

namespace arch {

/// Processor generation by its version register: 8, 9 or 10. Panics for any other.
unsigned processor_generation();
std::uint32_t processor_version();

/// MSR[HV]: false where another hypervisor has made us its partition.
bool in_hypervisor_state();

/// Processor identification register: the number by which firmware and interrupts know this processor.
std::uint32_t processor_identification();

/// Whether the processor has DAWR1 and DAWRX1: it keeps what is written to them. (ISA 3.1 says so; QEMU before 8 has a
/// POWER10 without, where moves to and from a register that is not there do nothing.)
bool has_second_watchpoint();

/// Those of a virtual processor's registers that processors of this generation have, and this one lacks: an emulator may be
/// behind. Their reads leave the destination as it was (ISA 3.0B Book III 4.4.4).
transom::partition::SprSet absent_registers();

/// One number from the processor's own generator; nothing where it had none ready. POWER9 and later: darn.
std::optional<std::uint64_t> hardware_random();

/// Copies the interrupt vectors to real 0x100. `hypervisor_mode` is false on pseries, where HSPRGs do not exist.
void install_vectors(bool hypervisor_mode);

/// While it lives the calling processor's time base register has the machine's time, whatever partition it ran last, or is in.
class MachineTime {
  public:
    MachineTime();
    ~MachineTime();
    MachineTime(const MachineTime&) = delete;
    MachineTime& operator=(const MachineTime&) = delete;

  private:
    std::uint64_t before_;
};

constexpr transom::Bytes partition_table_size = transom::kib(64);

/// Says once, before anything runs, that the processors are QEMU's. They keep some registers that no processor of their
/// generation has; on one that is not emulated such registers are not touched.
void set_emulated(bool emulated);

/// Prepares the calling processor for running partitions: vectors' anchor, facilities, partition table.
/// `partition_table` (POWER9 and later): partition_table_size bytes, aligned to that, zeroed; one for all processors.
void initialize_processor(transom::RealAddr partition_table);

} // namespace arch
