// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

namespace conform {

namespace {

alignas(65536) std::array<std::uint64_t, scratch_pages * 4096 / 8> scratch_memory;

constexpr unsigned segment_shift(const Segment& segment) { return segment.terabyte ? 40 : 28; }

std::uint64_t offset_in(const Segment& segment, std::uint64_t address) {
    return address & ((std::uint64_t{1} << segment_shift(segment)) - 1);
}

} // namespace

std::uint64_t slot_count(const Context& context) { return std::uint64_t{1} << (context.machine().table_shift - 4); }

// ISA 2.07 Book III-S 5.7.7.3.
std::uint64_t group_of(const Context& context, const Segment& segment, std::uint64_t address, bool secondary) {
    std::uint64_t hash = segment.vsid ^ (offset_in(segment, address) >> segment.page_shift);
    if (segment.terabyte)
        hash ^= segment.vsid << 25;
    if (secondary)
        hash = ~hash;
    return (hash & ((slot_count(context) >> 3) - 1)) << 3;
}

Entry make_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t pp) {
    const std::uint64_t virtual_page =
        segment.vsid << (segment_shift(segment) - 23) | offset_in(segment, address) >> 23;
    return {.d0 = std::uint64_t{segment.terabyte} << 62 | virtual_page << 7 | entry::valid,
            .d1 = (real & entry::real_page) | entry::memory | pp};
}

Answer enter(Context& context, std::uint64_t flags, std::uint64_t slot, Entry what) {
    const auto answer = hcall(call::enter, flags, slot, what.d0, what.d1);
    if (answer.status == status::success)
        context.remember_slot(answer.r(4));
    return answer;
}

Answer remove(std::uint64_t flags, std::uint64_t slot, std::uint64_t avpn) {
    return hcall(call::remove, flags, slot, avpn);
}

Entry read(std::uint64_t slot) {
    const auto answer = hcall(call::read, 0, slot);
    if (answer.status != status::success)
        return {~std::uint64_t{0}, ~std::uint64_t{0}};
    return {answer.r(4) & ~entry::hypervisor_0, answer.r(5)};
}

void set_segment(const Segment& segment, unsigned index) {
    // ISA 2.07 Book III-S, slbmte.
    const std::uint64_t esid = (segment.address & ~std::uint64_t{0xfff'ffff}) | 0x800'0000 | index;
    const std::uint64_t vsid =
        std::uint64_t{segment.terabyte} << 62 | segment.vsid << (segment.terabyte ? 24 : 12) | segment.slb_bits;
    asm volatile("isync\n slbmte %0, %1\n isync" : : "r"(vsid), "r"(esid) : "memory");
}

void forget_segments() { asm volatile("isync\n slbia\n isync" ::: "memory"); }

std::uint64_t* scratch(unsigned page) { return &scratch_memory[page * 4096 / 8]; }

std::optional<PageEncoding> page_encoding(const Context& context, unsigned base, unsigned actual) {
    const auto& tree = *context.machine().tree;
    const auto cell = [&](unsigned i) { return tree.processor_cell("ibm,segment-page-sizes", i); };
    for (unsigned i = 0; cell(i + 2);) {
        const auto base_here = *cell(i), slb = *cell(i + 1), count = *cell(i + 2);
        for (unsigned j = 0; j < count && cell(i + 4 + 2 * j); ++j)
            if (base_here == base && *cell(i + 3 + 2 * j) == actual)
                return PageEncoding{slb, *cell(i + 4 + 2 * j)};
        i += 3 + 2 * count;
    }
    return std::nullopt;
}

} // namespace conform
