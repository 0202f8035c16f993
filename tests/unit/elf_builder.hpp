// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <elf.h>
#include <span>
#include <transom/base/big_endian.hpp>
#include <vector>

namespace transom {

/// Writes an ELF64 executable in a test, in either byte order, with the system's own <elf.h>.
struct ElfBuilder {
    struct Segment {
        std::uint64_t virtual_address, physical_address;
        std::vector<std::byte> data;
        std::uint64_t memory_size;
        std::uint32_t type = PT_LOAD;
    };

    bool big = false;
    std::uint16_t type = ET_EXEC, machine = EM_PPC64;
    std::uint8_t elf_class = ELFCLASS64;
    std::uint64_t entry = 0;
    std::vector<Segment> segments;

    std::vector<std::byte> build() const {
        Elf64_Ehdr header{};
        const std::uint8_t ident[] = {0x7f, 'E', 'L', 'F', elf_class, std::uint8_t(big ? ELFDATA2MSB : ELFDATA2LSB), 1};
        std::copy(std::begin(ident), std::end(ident), header.e_ident);
        header.e_type = order(type);
        header.e_machine = order(machine);
        header.e_entry = order(entry);
        header.e_phoff = order(std::uint64_t{sizeof header});
        header.e_phentsize = order(std::uint16_t{sizeof(Elf64_Phdr)});
        header.e_phnum = order(static_cast<std::uint16_t>(segments.size()));
        std::vector<std::byte> file;
        append(file, std::as_bytes(std::span(&header, 1)));
        std::uint64_t offset = sizeof header + segments.size() * sizeof(Elf64_Phdr);
        for (const Segment& s : segments) {
            Elf64_Phdr p{};
            p.p_type = order(s.type);
            p.p_offset = order(offset);
            p.p_vaddr = order(s.virtual_address);
            p.p_paddr = order(s.physical_address);
            p.p_filesz = order(std::uint64_t{s.data.size()});
            p.p_memsz = order(s.memory_size);
            append(file, std::as_bytes(std::span(&p, 1)));
            offset += s.data.size();
        }
        for (const Segment& s : segments)
            append(file, s.data);
        return file;
    }

    template <class T> T order(T value) const { return big ? big_endian(value) : value; }

  private:
    static void append(std::vector<std::byte>& to, std::span<const std::byte> what) {
        to.insert(to.end(), what.begin(), what.end());
    }
};

} // namespace transom
