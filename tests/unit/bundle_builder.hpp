// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "elf_builder.hpp"
#include "fdt_builder.hpp"

#include <span>
#include <string>
#include <vector>

namespace transom::test {

struct Described {
    std::string name;
    std::uint32_t memory_mib = 16;
    std::uint32_t entitled = 10;
};

inline ElfBuilder kernel_of_0x11() {
    ElfBuilder elf;
    elf.segments = {{0, 0, std::vector(0x300, std::byte{0x11}), 0x10000}};
    return elf;
}

/// A bundle of these partitions with that kernel; it lies in `fdt`.
inline std::span<const std::byte> bundle_of(FdtBuilder& fdt, const std::vector<Described>& partitions,
                                            const std::vector<std::byte>& kernel = kernel_of_0x11().build()) {
    fdt.text("compatible", "transom,manifest-1").begin("partitions");
    for (const Described& d : partitions)
        fdt.begin(d.name)
            .number("memory-mib", d.memory_mib)
            .number("entitled-capacity", d.entitled)
            .text("kernel", "vmlinux")
            .end();
    fdt.end().begin("files").begin("file@0").text("path", "vmlinux").bytes("data", kernel).end().end();
    return fdt.finish();
}

} // namespace transom::test
