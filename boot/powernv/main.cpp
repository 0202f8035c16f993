// SPDX-License-Identifier: Apache-2.0
#include "../host_memory.hpp"
#include "../kernel.hpp"
#include "kicks.hpp"
#include "opal.hpp"
#include "opal_platform.hpp"
#include "pci.hpp"
#include "powernv.hpp"
#include "secondary.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/partition/cpu_characteristics.hpp>

namespace boot {

using namespace transom;

namespace {

constinit OpalPlatform opal_platform;

// OPAL_REINIT_CPUS flags.
constexpr std::uint64_t interrupts_little_endian = 2;
constexpr std::uint64_t mmu_hash = 4;

void prepare_processors() {
    // While all other processors are still in firmware: interrupts to the hypervisor are taken little-endian.
    std::uint64_t flags = interrupts_little_endian;
    if (arch::processor_generation() >= 9)
        flags |= mmu_hash;
    const std::int64_t status = opal::call(opal::Call::reinit_cpus, flags);
    if (status != opal::success)
        log("OPAL refuses to set up the processors: {}", status);
    arch::install_vectors(true);
}

RealAddr partition_table(memory::Frames& frames) {
    const auto table =
        frames.allocate(arch::partition_table_size, arch::partition_table_size, memory::FrameState::hypervisor);
    invariant(table.has_value(), "no memory for the partition table");
    return *table;
}

} // namespace

void powernv_main(const void* fdt, std::uint64_t opal_base, std::uint64_t opal_entry) {
    const std::uint64_t started_at = arch::timebase();
    opal::set_entry(opal_base, opal_entry);
    set_platform(opal_platform);
    log("Transom on OpenPOWER firmware");
    prepare_processors();

    static const auto machine = tree::read_host_tree(fdt);
    if (!machine)
        panic(tree::describe(machine.error()));
    log("{}: POWER{}, {} threads, time base {} MHz", machine->model.data(), arch::processor_generation(),
        machine->processors.size(), machine->timebase_frequency / 1'000'000);
    const partition::SprSet absent = arch::absent_registers();
    for (std::size_t i = 0; i < partition::spr_count; ++i)
        if (absent[i])
            log("the processors lack {}: no partition that uses it can come here", partition::spr_list[i].name);
    if (partition::asks_for_flush_at_entry(fdt))
        log("firmware asks for an L1 data cache flush on the way into a partition: it is not done");
    memory::Frames& frames = take_memory(*machine, fdt);
    log("{} MiB free", frames.total(memory::FrameState::free) >> 20);
    arch::set_emulated(machine->emulated);
    const RealAddr table = partition_table(frames);
    arch::initialize_processor(table);
    // Taking XIVE over takes time: not for a machine where nothing interrupts.
    const bool interrupts = (machine->processors.size() > 1 || has_opal_bridges(fdt)) && take_interrupts(fdt, frames);
    const std::uint32_t others = start_secondaries(*machine, fdt, frames, table, interrupts);

    static Kernel kernel(opal_platform, *machine, frames, started_at, partition::read_cpu_characteristics(fdt));
    release_secondaries(kernel);
    log("{} of {} processors run partitions", others + 1, machine->processors.size());
    kernel.run(find_opal_bridges(fdt, interrupts).span());
}

} // namespace boot
