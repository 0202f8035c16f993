// SPDX-License-Identifier: Apache-2.0
#include "entry_check.hpp"
#include <algorithm>
#include <optional>

namespace transom::hcall_fuzz {
namespace {

// Power ISA 2.07B Book III-S 5.7.7 and 3.0B Book III 5.7.7.1.
constexpr std::uint64_t valid = 1, large = 4, lock = 0x40, other_hypervisor_bit = 0x20;
constexpr std::uint64_t real_page_number_2_07 = 0x0ffffffffffff000;
constexpr std::uint64_t real_page_number_3_0 = 0x01fffffffffff000;
constexpr std::uint64_t pp_key_n = 0xb000000000000e07, wimg = 0x78, coherent = 0x10;
constexpr std::uint64_t lp = 0xff000;
// A guest word: LoPAR's second doubleword, with the hypervisor's mark in the bit that LoPAR reserves.
constexpr std::uint64_t logical_page_number = 0x0ffffffffffff000, own_mark = 0x4000000000000000;

/// Page sizes by the low bits of LP. ISA 3.0B Book III figure "sLP/LP encodings" as POWER8 and POWER9 have them.
struct Encoding {
    std::uint64_t lp_bits;
    std::uint64_t value;
    Bytes size;
};
constexpr Encoding encodings[] = {
    {0x0f, 0x01, kib(64)}, {0x0f, 0x07, kib(64)}, {0xff, 0x38, mib(16)}, {0xff, 0x08, mib(16)}, {0xff, 0x00, mib(16)},
};

std::optional<Bytes> page_size(std::uint64_t d0, std::uint64_t d1) {
    if ((d0 & large) == 0)
        return kib(4);
    for (const Encoding& encoding : encodings)
        if (((d1 & lp) >> 12 & encoding.lp_bits) == encoding.value)
            return encoding.size;
    return {};
}

bool owns(const memory::LogicalMemory& memory, RealAddr page, Bytes size) {
    for (std::size_t i = 0; i < memory.block_count(); ++i)
        if (RealRange{memory.block(i), memory::block_size}.contains(page, size))
            return true;
    return false;
}

} // namespace

bool is_own(const SlotWords& words) { return (words.d0 & valid) != 0 && (words.guest_word & own_mark) != 0; }

const char* wrong_with(const Scene& scene, const SlotWords& words) {
    if (words.d0 & lock)
        return "a slot is still locked";
    if (!words.used())
        return nullptr;
    if (words.d0 & other_hypervisor_bit)
        return "an entry has the hypervisor's bit 58 set";
    const memory::LogicalMemory& memory = scene.partition().memory;
    const bool isa_3_0 = scene.partition().hpt.options().format == hpt::Format::isa_3_0;
    const auto size = page_size(words.d0, words.d1);
    if (!size)
        return "an entry names no page size";
    const RealAddr page{words.d1 & (isa_3_0 ? real_page_number_3_0 : real_page_number_2_07) & ~(*size - 1)};
    if (!owns(memory, page, *size))
        return "an entry maps memory that the partition does not own";
    if (*size > kib(64) && !is_own(words) && !scene.partition().hpt.options().large_pages)
        return "an entry has a page size that the partition may not use";
    if ((words.d1 & wimg) != coherent)
        return "an entry maps memory with other attributes than memory's";
    const std::uint64_t logical = words.guest_word & logical_page_number & ~(*size - 1);
    if (logical >= memory_size || *size > memory_size - logical)
        return "a guest word names a page that is not the partition's";
    if (memory.block(logical / memory::block_size) + logical % memory::block_size != page)
        return "a guest word names another page than its entry maps";
    if ((words.d0 & large) != 0 && ((words.guest_word ^ words.d1) & lp & (*size - 1)) != 0)
        return "a guest word has another page size than its entry";
    if (((words.guest_word ^ words.d1) & (pp_key_n | wimg)) != 0)
        return "a guest word has another protection than its entry";
    return nullptr;
}

} // namespace transom::hcall_fuzz
