// SPDX-License-Identifier: Apache-2.0
// Pages of 16 MiB, in segments of such pages and in segments of smaller ones (MPSS), where ibm,segment-page-sizes offers
// them. Power ISA 2.07 Book III-S 5.7.7; LoPAR "H_ENTER" for what it refuses.
#include "access.hpp"

namespace conform {

namespace {

struct Large {
    Segment segment;
    std::uint64_t encoding = 0;

    Entry page(std::uint64_t address) const { return make_large_entry(segment, address, large_scratch, encoding, 24); }
};

std::optional<Large> offered(Context& context, unsigned base) {
    const auto encoding = page_encoding(context, base, 24);
    if (!encoding) {
        context.skip("ibm,segment-page-sizes has no such pages");
        return std::nullopt;
    }
    Large large{plain_segment(0x1a0 + base), encoding->pte};
    large.segment.page_shift = base;
    large.segment.slb_bits |= encoding->slb;
    return large;
}

/// The third page of 16 MiB of the segment, and an address in it that is the hundredth base page's, or the first.
void translation(Context& context, unsigned base) {
    const auto large = offered(context, base);
    if (!large)
        return;
    const auto page = large->segment.address + 0x200'0000;
    const auto offset = base == 24 ? std::uint64_t{0xabc'de8} : (std::uint64_t{100} << base) + 0xde8;
    auto* memory = reinterpret_cast<std::uint64_t*>(large_scratch + offset);
    real_store(memory, 0x1234'5678);
    const auto answer = enter(context, 0, group_of(context, large->segment, page + offset), large->page(page));
    context.status("enter", answer.status, status::success);
    context.value("lp", read(answer.r(4)).d1 >> 12 & 0xff, large->encoding);
    set_segment(large->segment, 1);
    const auto loaded = load(page + offset);
    context.value("vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0x1234'5678);
    context.value("after_load", read(answer.r(4)).d1 & entry::rc, entry::r);
    context.value("store_vector", store(page + offset, 0x9876).vector, 0);
    context.value("stored", real_load(memory), 0x9876);
    context.status("protect", hcall(call::protect, entry::pp_read_only, answer.r(4), 0).status, status::success);
    context.value("read_only", store(page + offset, 1).vector, 0x300);
    const auto removed = remove(0, answer.r(4), 0);
    context.status("remove", removed.status, status::success);
    context.value("rc", removed.r(5) & entry::rc, entry::rc);
    context.value("gone", load(page + offset).fault.vector, 0x300);
}

void in_16_mib_segment(Context& context) { translation(context, 24); }
void in_64_kib_segment(Context& context) { translation(context, 16); }
void in_4_kib_segment(Context& context) { translation(context, 12); }

void refused(Context& context) {
    const auto large = offered(context, 24);
    if (!large)
        return;
    const auto group = group_of(context, large->segment, large->segment.address);
    const auto page = large->page(large->segment.address);
    const auto with_real = [&](std::uint64_t real) { return Entry{page.d0, (page.d1 & ~entry::real_page) | real}; };
    context.status("off_its_boundary", enter(context, 0, group, with_real(large_scratch + 0x10'0000)).status,
                   status::parameter);
    context.status("half_of_it", enter(context, 0, group, with_real(large_scratch + 0x80'0000)).status,
                   status::parameter);
    context.status("beyond_memory", enter(context, 0, group, with_real(context.machine().memory)).status,
                   status::parameter);
}

void work_on_the_page(Context& context) {
    // LoPAR H_ENTER: these flags are for pages of up to 64 KiB.
    const auto large = offered(context, 24);
    if (!large)
        return;
    const auto group = group_of(context, large->segment, large->segment.address);
    const auto page = large->page(large->segment.address);
    auto* memory = reinterpret_cast<std::uint64_t*>(large_scratch);
    real_store(memory, 0x22);
    context.status("zero", enter(context, flag::zero_page, group, page).status, status::too_big);
    context.status("invalidate", enter(context, flag::icache_invalidate, group, page).status, status::too_big);
    context.status("synchronize", enter(context, flag::icache_synchronize, group, page).status, status::too_big);
    // What else is wrong comes first.
    context.status("slot", enter(context, flag::zero_page, slot_count(context), page).status, status::parameter);
    context.value("kept", real_load(memory), 0x22);
}

constexpr std::array cases = {
    Case{"large_page.in_16_mib_segment", &in_16_mib_segment, good(call::enter)},
    Case{"large_page.in_64_kib_segment", &in_64_kib_segment, good(call::enter)},
    Case{"large_page.in_4_kib_segment", &in_4_kib_segment, good(call::enter)},
    Case{"large_page.refused", &refused, boundary(call::enter)},
    Case{"large_page.work_on_the_page", &work_on_the_page, boundary(call::enter)},
};

} // namespace

std::span<const Case> large_page_cases() { return cases; }

} // namespace conform
