// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <optional>
#include <transom/base/big_endian.hpp>
#include <transom/base/panic.hpp>
#include <transom/partition/kernel_image.hpp>

namespace transom::partition {

namespace {

constexpr std::size_t header_size = 64;
constexpr std::size_t segment_header_size = 56;
constexpr std::uint8_t class_64 = 2, little_endian = 1, most_significant_first = 2;
constexpr std::uint16_t type_executable = 2, type_shared = 3; // a relocatable Linux is "shared"
constexpr std::uint16_t machine_ppc64 = 21;
constexpr std::uint32_t segment_load = 1;

/// One PT_LOAD program header.
struct Segment {
    std::uint64_t offset, virtual_address, file_size;
    LogicalRange memory; // p_paddr, p_memsz
};

/// The fields of an ELF64 file in its own byte order. Offsets are those of Elf64_Ehdr and Elf64_Phdr.
class ElfFile {
  public:
    explicit ElfFile(std::span<const std::byte> image) : image_(image) {}

    std::optional<KernelError> check() {
        static constexpr std::array magic = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
        if (image_.size() < header_size || !std::ranges::equal(image_.first(magic.size()), magic))
            return KernelError::no_elf;
        if (field<std::uint8_t>(4) != class_64)
            return KernelError::other_class;
        const auto order = field<std::uint8_t>(5);
        if (order != little_endian && order != most_significant_first)
            return KernelError::malformed;
        big_endian_ = order == most_significant_first;
        if (field<std::uint16_t>(18) != machine_ppc64)
            return KernelError::other_machine;
        const auto type = field<std::uint16_t>(16);
        if (type != type_executable && type != type_shared)
            return KernelError::not_executable;
        if (segment_count() != 0 && (field<std::uint16_t>(54) < segment_header_size ||
                                     !inside(table(), std::uint64_t{segment_count()} * stride())))
            return KernelError::malformed;
        return std::nullopt;
    }

    std::uint64_t entry() const { return field<std::uint64_t>(24); }

    unsigned segment_count() const { return field<std::uint16_t>(56); }

    /// What that program header says is to be loaded, if anything.
    std::optional<Segment> segment(unsigned index) const {
        const std::uint64_t at = table() + std::uint64_t{index} * stride();
        if (field<std::uint32_t>(at) != segment_load)
            return std::nullopt;
        const Segment segment{.offset = field<std::uint64_t>(at + 8),
                              .virtual_address = field<std::uint64_t>(at + 16),
                              .file_size = field<std::uint64_t>(at + 32),
                              .memory = {{field<std::uint64_t>(at + 24)}, field<std::uint64_t>(at + 40)}};
        return segment.memory.empty() ? std::nullopt : std::optional(segment);
    }

    bool inside(std::uint64_t offset, std::uint64_t size) const {
        return offset <= image_.size() && size <= image_.size() - offset;
    }
    std::span<const std::byte> contents(const Segment& segment) const {
        return image_.subspan(segment.offset, segment.file_size);
    }

  private:
    template <std::unsigned_integral T> T field(std::uint64_t offset) const {
        const T value = load_be<T>(image_.data() + offset);
        return big_endian_ ? value : byte_swap(value);
    }
    std::uint64_t table() const { return field<std::uint64_t>(32); }
    std::uint16_t stride() const { return field<std::uint16_t>(54); }

    std::span<const std::byte> image_;
    bool big_endian_ = false;
};

KernelError because_of(memory::AccessError error) {
    return error == memory::AccessError::outside ? KernelError::does_not_fit : KernelError::missing;
}

} // namespace

std::string_view describe(KernelError error) {
    switch (error) {
    case KernelError::no_elf:
        return "is no ELF file: give the uncompressed vmlinux, not a zImage or bzImage";
    case KernelError::other_class:
        return "is no 64-bit ELF file: give a kernel for 64-bit POWER (ppc64 or ppc64el)";
    case KernelError::other_machine:
        return "is no ppc64 ELF file: give a kernel for 64-bit POWER (ppc64 or ppc64el)";
    case KernelError::not_executable:
        return "is an ELF file that cannot be executed: give a linked kernel, not an object file";
    case KernelError::malformed:
        return "is a damaged ELF file: its headers point outside of it: copy it again";
    case KernelError::nothing_to_load:
        return "is an ELF file without anything to load: give a linked kernel, not its symbols";
    case KernelError::does_not_fit:
        return "does not fit into the partition's memory: raise memory-mib";
    case KernelError::overlapping:
        return "is an ELF file whose segments overlap, or need more than the partition's memory: raise memory-mib, or "
               "link it "
               "again";
    case KernelError::no_entry:
        return "is an ELF file whose entry point lies outside of what is loaded: link it again";
    case KernelError::missing:
        return "cannot be loaded: the partition's memory is not here";
    }
    return "";
}

std::expected<LoadedKernel, KernelError> check_kernel(std::span<const std::byte> image, Bytes memory) {
    ElfFile elf(image);
    if (const auto error = elf.check())
        return std::unexpected(*error);
    std::optional<LoadedKernel> loaded;
    std::optional<LogicalAddr> entry;
    Bytes left = memory; // loading takes no longer than that, though thousands of segments may be in one place
    for (unsigned i = 0; i < elf.segment_count(); ++i) {
        const std::optional<Segment> found = elf.segment(i);
        if (!found)
            continue;
        const Segment& segment = *found;
        if (segment.file_size > segment.memory.size || !elf.inside(segment.offset, segment.file_size))
            return std::unexpected(KernelError::malformed);
        if (!LogicalRange{{0}, memory}.contains(segment.memory.begin, segment.memory.size))
            return std::unexpected(KernelError::does_not_fit);
        if (segment.memory.size > left)
            return std::unexpected(KernelError::overlapping);
        left -= segment.memory.size;
        const std::uint64_t into = elf.entry() - segment.virtual_address;
        if (elf.entry() >= segment.virtual_address && into < segment.memory.size && !entry)
            entry = segment.memory.begin + into;
        if (!loaded)
            loaded = {.entry = {}, .extent = segment.memory};
        const LogicalAddr begin = std::min(loaded->extent.begin, segment.memory.begin);
        loaded->extent = {begin, std::max(loaded->extent.end(), segment.memory.end()) - begin};
    }
    if (!loaded)
        return std::unexpected(KernelError::nothing_to_load);
    if (!entry)
        return std::unexpected(KernelError::no_entry);
    loaded->entry = *entry;
    return *loaded;
}

std::expected<bool, KernelError> load_part(std::span<const std::byte> image, memory::LogicalMemory& memory,
                                           KernelCursor& cursor, Bytes at_most) {
    ElfFile elf(image);
    invariant(!elf.check(), "a kernel is loaded that nobody has checked");
    while (cursor.header < elf.segment_count()) {
        const auto segment = elf.segment(cursor.header);
        if (!segment || cursor.done == segment->memory.size) {
            ++cursor.header;
            cursor.done = 0;
            continue;
        }
        const LogicalAddr to = segment->memory.begin + cursor.done;
        const bool from_file = cursor.done < segment->file_size;
        const Bytes n = std::min(at_most, (from_file ? segment->file_size : segment->memory.size) - cursor.done);
        const auto done =
            from_file ? memory.write(to, elf.contents(*segment).subspan(cursor.done, n)) : memory.clear(to, n);
        if (!done)
            return std::unexpected(because_of(done.error()));
        cursor.done += n;
        return true;
    }
    return false;
}

} // namespace transom::partition
