// SPDX-License-Identifier: Apache-2.0
#include "powernv/powernv.hpp"
#include "processor_block.hpp"
#include "pseries/pseries.hpp"

#include <cstdint>
#include <libfdt.h>
#include <transom/base/panic.hpp>

using Constructor = void (*)();
extern "C" const Constructor init_array_start[], init_array_end[];

/// The boot processor's block; the others' come from the memory that is found.
extern "C" {
alignas(65536) std::byte boot_processor_block[boot::processor_block_size];
}

/// From head.S, on the boot processor's own stack, in little-endian real mode. The platform is found here: firmware that
/// passes an entry point is OPAL.
extern "C" [[noreturn]] void boot_start(const void* fdt, std::uint64_t opal_base, std::uint64_t opal_entry) {
    for (const Constructor* constructor = init_array_start; constructor != init_array_end; ++constructor)
        (*constructor)();
    if (fdt_path_offset(fdt, "/ibm,opal") >= 0)
        boot::powernv_main(fdt, opal_base, opal_entry);
    if (boot::is_pseries(fdt))
        boot::pseries_main(fdt);
    transom::panic("the machine is neither powernv nor pseries");
}
