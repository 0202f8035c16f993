// SPDX-License-Identifier: Apache-2.0
#include "../host_memory.hpp"
#include "../kernel.hpp"
#include "hypervisor.hpp"
#include "papr_platform.hpp"
#include "pci.hpp"
#include "pseries.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <cstring>
#include <libfdt.h>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>

namespace boot {

using namespace transom;

namespace {

constinit pseries::PaprPlatform papr_platform;

void prepare_processor() {
    // LoPAR H_SET_MODE, resource 4: interrupts are taken little-endian.
    constexpr std::uint64_t little_endian = 1, interrupt_endianness = 4;
    const auto set = pseries::call(pseries::HypervisorCall::set_mode, little_endian, interrupt_endianness);
    if (set.status != pseries::success)
        log("H_SET_MODE is refused: {}", set.status);
    arch::install_vectors(false);
}

} // namespace

bool is_pseries(const void* fdt) {
    int size = 0;
    const auto* type = static_cast<const char*>(fdt_getprop(fdt, 0, "device_type", &size));
    return type != nullptr && size > 0 && std::strncmp(type, "chrp", static_cast<std::size_t>(size)) == 0 &&
           fdt_getprop(fdt, fdt_path_offset(fdt, "/rtas"), "ibm,hypertas-functions", nullptr) != nullptr;
}

void pseries_main(const void* fdt) {
    const std::uint64_t started_at = arch::timebase();
    papr_platform.init(fdt);
    set_platform(papr_platform);
    log("Transom as a partition of another hypervisor");
    prepare_processor();

    static const auto machine = tree::read_host_tree(fdt);
    if (!machine)
        panic(tree::describe(machine.error()));
    log("{}: POWER{}, {} threads, time base {} MHz", machine->model.data(), arch::processor_generation(),
        machine->processors.size(), machine->timebase_frequency / 1'000'000);
    for (const tree::HostMemory& memory : machine->memory)
        log("memory {:#x} to {:#x}", memory.range.begin.value, memory.range.end().value);
    memory::Frames& frames = take_memory(*machine, fdt);
    log("{} MiB free", frames.total(memory::FrameState::free) >> 20);
    static Kernel kernel(papr_platform, *machine, frames, started_at, partition::CpuCharacteristics{});
    kernel.run(pseries::find_rtas_bridges(fdt).span());
}

} // namespace boot
