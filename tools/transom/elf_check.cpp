// SPDX-License-Identifier: Apache-2.0
#include "elf_check.hpp"

#include <cstring>
#include <elf.h>
#include <endian.h>
#include <fmt/format.h>

namespace transom::tool {

std::string kernel_problem(std::span<const std::byte> file) {
    Elf64_Ehdr header;
    if (file.size() < sizeof header || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
        return "is no ELF file";
    std::memcpy(&header, file.data(), sizeof header);
    if (header.e_ident[EI_CLASS] != ELFCLASS64)
        return "is a 32-bit ELF file, not a ppc64 one";
    const bool big = header.e_ident[EI_DATA] == ELFDATA2MSB;
    const unsigned machine = big ? be16toh(header.e_machine) : le16toh(header.e_machine);
    if (machine != EM_PPC64)
        return fmt::format("is an ELF file for machine {}, not for ppc64 ({})", machine, EM_PPC64);
    const unsigned type = big ? be16toh(header.e_type) : le16toh(header.e_type);
    if (type != ET_EXEC && type != ET_DYN)
        return "is an ELF file that cannot be executed";
    return {};
}

} // namespace transom::tool
