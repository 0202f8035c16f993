// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include <iterator>
#include <span>
#include <transom/base/bits.hpp>

namespace transom::hcall_fuzz {
namespace {

using papr::Op;

/// What a call expects in a register.
enum class Role : std::uint8_t {
    any,
    few,   // a function
    small, // a number, a count, a priority
    flags,
    slot,
    d0,
    d1,
    avpn,
    address,
    width, // of a load or store
    processor,
    bulk,
    block,
    area, // H_REGISTER_VPA's function
    terminal,
    xirr,
};

/// For those calls that say no to almost everything; the others' arguments are any.
struct Roles {
    Op op;
    Role roles[9];
};
constexpr Roles all_roles[] = {
    {Op::remove, {Role::flags, Role::slot, Role::avpn}},
    {Op::enter, {Role::flags, Role::slot, Role::d0, Role::d1}},
    {Op::read, {Role::flags, Role::slot}},
    {Op::clear_mod, {Role::flags, Role::slot}},
    {Op::clear_ref, {Role::flags, Role::slot}},
    {Op::protect, {Role::flags, Role::slot, Role::avpn}},
    {Op::page_init, {Role::flags, Role::address, Role::address}},
    {Op::logical_ci_load, {Role::width, Role::address}},
    {Op::logical_ci_store, {Role::width, Role::address}},
    {Op::logical_cache_load, {Role::width, Role::address}},
    {Op::logical_cache_store, {Role::width, Role::address}},
    {Op::logical_icbi, {Role::address}},
    {Op::logical_dcbf, {Role::address}},
    {Op::get_term_char, {Role::terminal}},
    {Op::put_term_char, {Role::terminal, Role::small}},
    {Op::eoi, {Role::xirr}},
    {Op::cppr, {Role::small}},
    {Op::ipi, {Role::processor, Role::small}},
    {Op::ipoll, {Role::processor}},
    {Op::register_vpa, {Role::area, Role::processor, Role::address}},
    {Op::confer, {Role::processor, Role::small}},
    {Op::prod, {Role::processor}},
    {Op::set_ppp, {Role::small, Role::small}},
    {Op::bulk_remove, {Role::bulk, Role::avpn, Role::bulk, Role::avpn, Role::bulk, Role::avpn, Role::bulk, Role::avpn}},
    {Op::set_xdabr, {Role::any, Role::small}},
    {Op::home_node_associativity, {Role::few, Role::few}},
    {Op::affinity, {Role::few, Role::few, Role::address, Role::width}},
    {Op::set_mode, {Role::few, Role::few, Role::few, Role::few}},
    {Op::block_remove,
     {Role::avpn, Role::block, Role::block, Role::block, Role::block, Role::block, Role::block, Role::block,
      Role::block}},
    {Op::resize_hpt_prepare, {Role::few, Role::small}},
    {Op::resize_hpt_commit, {Role::few, Role::small}},
    {Op::register_proc_tbl, {Role::small, Role::any, Role::small, Role::small}},
    {Op::signal_sys_reset, {Role::processor}},
    {Op::rtas, {Role::address}},
};

Role role_of(Op op, std::size_t index) {
    for (const Roles& each : all_roles)
        if (each.op == op)
            return index < std::size(each.roles) ? each.roles[index] : Role::any;
    return Role::any;
}

} // namespace

std::uint64_t Arguments::any() {
    switch (input_.below(8)) {
    case 0:
        return input_.byte();
    case 1:
        return input_.word();
    case 2:
        return std::uint64_t{1} << input_.below(64);
    case 3:
        return ~std::uint64_t{0} - input_.below(4);
    case 4:
        return address();
    case 5:
        return slot();
    case 6:
        return noted_d0();
    default:
        return input_.word(4);
    }
}

std::uint64_t Arguments::address() {
    constexpr std::uint64_t places[] = {
        0, 0x1000, 0x2000, 0x10000, memory::block_size, memory_size, std::uint64_t{1} << 60, 0};
    // The real place of foreign memory: no logical address, but one that a mix-up of the two would let through.
    const std::uint64_t place = input_.below(16) == 15 ? foreign_block.value : input_.one_of(places);
    constexpr std::uint64_t distances[] = {0, 1, 4, 8, 0x80, 0x100, 0xf80, 0xfff, 0x1000, 0x10000, 0x280, 12};
    const std::uint64_t distance = input_.one_of(distances);
    return input_.flag() ? place - distance : place + distance;
}

/// A few groups, so that everything meets everything, and the ends of the table.
std::uint64_t Arguments::slot() {
    const unsigned choice = input_.byte();
    if (choice < 64)
        return scene_.notes[choice % scene_.notes.size()].slot;
    if (choice < 192)
        return choice % 32;
    return choice < 240 ? slots - 1 - choice % 16 : slots + choice % 4;
}

std::uint64_t Arguments::flags() {
    namespace flag = papr::hpt_flag;
    constexpr std::uint64_t known[] = {flag::exact,
                                       flag::read_4,
                                       flag::avpn,
                                       flag::andcond,
                                       flag::zero_page,
                                       flag::copy_page,
                                       flag::icache_invalidate,
                                       flag::icache_synchronize};
    std::uint64_t result = 0;
    const unsigned which = input_.byte();
    for (unsigned i = 0; i < std::size(known); ++i)
        if ((which >> i & 1) != 0)
            result |= known[i];
    // pp, N and key of H_PROTECT.
    return input_.flag() ? result | (input_.word(2) & 0x3f07) : result;
}

std::uint64_t Arguments::entry_d0() {
    sizes_ = papr::page_sizes[input_.below(papr::page_sizes.size())];
    const std::uint64_t segment =
        input_.below(8) == 7 ? input_.word() & papr::d0::segment_size : papr::d0::segment_size / 3 * input_.below(2);
    const std::uint64_t avpn = std::uint64_t{input_.below(4)} << 12 | std::uint64_t{input_.below(2)} << 40;
    const unsigned low = input_.byte();
    std::uint64_t d0 = segment | avpn | (low & (papr::d0::software | papr::d0::secondary | papr::d0::hypervisor)) |
                       (sizes_.large ? papr::d0::large : 0);
    if (low % 8 != 7)
        d0 |= papr::d0::valid;
    return low == 0xff ? input_.word() : d0;
}

std::uint64_t Arguments::entry_d1() {
    const std::uint64_t page = address() & papr::d1::page_number & ~(papr::bytes(sizes_.actual) - 1);
    const std::uint64_t bits = input_.word(2);
    std::uint64_t d1 = page | (bits & (papr::d1::usage | papr::d1::no_execute | papr::d1::pp)) | papr::d1::wimg_memory;
    if (sizes_.large)
        d1 |= std::uint64_t{sizes_.encoding} << papr::d1::large_page_shift;
    switch (bits >> 12) {
    case 15:
        return d1 | (input_.word(2) & papr::d1::wimg);
    case 14:
        return d1 | input_.word(1) << 56; // pp0, the reserved bit, the key and the top of the page number
    case 13:
        return d1 ^ (input_.word(1) << papr::d1::large_page_shift); // another encoding, a page that is not aligned
    case 12:
        return input_.word();
    default:
        return d1;
    }
}

std::uint64_t Arguments::noted_d0() {
    const unsigned choice = input_.byte();
    const std::uint64_t d0 = scene_.notes[choice % scene_.notes.size()].d0;
    return choice < 192 ? d0 : d0 ^ std::uint64_t{1} << (choice % 64);
}

std::uint64_t Arguments::bulk_specifier() {
    constexpr std::uint64_t types[] = {papr::bulk::request,
                                       papr::bulk::request,
                                       papr::bulk::request,
                                       papr::bulk::request,
                                       papr::bulk::end,
                                       papr::bulk::response,
                                       0};
    return input_.one_of(types) | std::uint64_t{input_.below(4)} << 56 | (slot() & papr::bulk::index);
}

std::uint64_t Arguments::block_specifier() {
    constexpr std::uint64_t types[] = {
        papr::bulk::request, papr::bulk::request, papr::bulk::request, papr::bulk::request,
        papr::bulk::request, papr::bulk::request, papr::bulk::end,     0};
    return input_.one_of(types) | std::uint64_t{input_.below(2)} << 56 | (slot() & papr::bulk::index);
}

std::uint64_t Arguments::next(Op op, std::size_t index) {
    constexpr std::uint64_t widths[] = {8, 4, 2, 1, 0, 3, 16, 8};
    if (input_.below(16) == 15)
        return any();
    switch (role_of(op, index)) {
    case Role::any:
        return any();
    case Role::few:
        return input_.below(6);
    case Role::small:
        return input_.below(32);
    case Role::flags:
        return flags();
    case Role::slot:
        return slot();
    case Role::d0:
        return entry_d0();
    case Role::d1:
        return entry_d1();
    case Role::avpn:
        return noted_d0();
    case Role::address:
        return address();
    case Role::width:
        return input_.one_of(widths);
    case Role::processor:
        return std::uint64_t{input_.below(6)} - 2;
    case Role::bulk:
        return bulk_specifier();
    case Role::block:
        return block_specifier();
    case Role::area:
        return std::uint64_t{input_.below(8)} << 45;
    case Role::terminal:
        return input_.flag() ? vio::terminal_unit + input_.below(6) - 1 : 0;
    case Role::xirr:
        return std::uint64_t{input_.byte()} << 24 |
               (input_.flag() ? interrupt::first_source + input_.below(40) : input_.below(4));
    }
    return any();
}

} // namespace transom::hcall_fuzz
