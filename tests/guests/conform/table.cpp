// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

namespace conform {

namespace {

alignas(65536) std::array<std::uint64_t, scratch_pages * 4096 / 8> scratch_memory;

} // namespace

std::uint64_t slot_count(const Context& context) { return std::uint64_t{1} << (context.machine().table_shift - 4); }

std::uint64_t group_of(const Context& context, const Segment& segment, std::uint64_t address, bool secondary) {
    const std::uint64_t hash = guest::hash_of(segment, address);
    return ((secondary ? ~hash : hash) & ((slot_count(context) >> 3) - 1)) << 3;
}

Entry make_large_entry(const Segment& segment, std::uint64_t address, std::uint64_t real, std::uint64_t encoding,
                       unsigned actual) {
    auto what = make_entry(segment, address, real & ~((std::uint64_t{1} << actual) - 1));
    what.d0 |= entry::large;
    what.d1 |= encoding << 12;
    return what;
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
