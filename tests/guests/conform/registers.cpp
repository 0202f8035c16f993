// SPDX-License-Identifier: Apache-2.0
// A hypervisor call leaves alone what it may not change: r1, r2, r13 to r31, LR, CR2 to CR4, and with no virtual processor
// area registered all of FP, VMX and VSX. LoPAR "Hypervisor Call Linkage".
#include "access.hpp"

namespace conform {

namespace {

struct alignas(16) Pattern {
    std::array<std::uint64_t, 32> gpr;
    std::uint64_t lr, cr, fpscr, unused;
    std::array<std::uint64_t, 2> vscr;
    std::array<std::array<std::uint64_t, 2>, 64> vsr;
};
static_assert(offsetof(Pattern, lr) == 256 && offsetof(Pattern, vscr) == 288 && offsetof(Pattern, vsr) == 304);

extern "C" void pattern_call(const Pattern* in, Pattern* out);

Pattern before, after;

void fill(std::uint64_t seed) {
    std::uint64_t x = seed;
    const auto next = [&x] { return x = x * 6364136223846793005u + 1442695040888963407u; };
    for (auto& r : before.gpr)
        r = next();
    for (auto& r : before.vsr)
        r = {next(), next()};
    before.lr = next() & ~std::uint64_t{3};
    before.cr = next() & 0xffff'ffff;
    before.fpscr = 0x3;          // round to minus infinity; no exception enabled
    before.vscr = {0x1'0001, 0}; // NJ and SAT
}

/// Fills, calls with the given r3 to r7, compares.
void compare(Context& context, std::string_view label, std::array<std::uint64_t, 5> arguments,
             bool interrupts = false) {
    fill(arguments[0] + 0x1234'5678'9abc'def1);
    for (unsigned i = 0; i < arguments.size(); ++i)
        before.gpr[3 + i] = arguments[i];
    after = {};
    using namespace guest::msr;
    const auto old = guest::read_msr();
    guest::write_msr(old | fp | vec | vsx);
    pattern_call(&before, &after);
    guest::write_msr(old);
    if (!interrupts)
        guest::set_decrementer(guest::decrementer_idle);

    bool gprs = after.gpr[2] == before.gpr[2];
    for (unsigned i = 13; i < 32; ++i)
        gprs = gprs && after.gpr[i] == before.gpr[i];
    constexpr std::uint64_t nonvolatile_cr = 0x00ff'f000; // CR2, CR3, CR4
    const bool control = after.lr == before.lr && ((after.cr ^ before.cr) & nonvolatile_cr) == 0;
    const bool vectors = after.vsr == before.vsr;
    const bool modes = (after.fpscr & 0xff) == before.fpscr && after.vscr[0] == before.vscr[0];
    context.holds(label, gprs && control && vectors && modes);
}

std::uint64_t last_slot(const Context& context) { return slot_count(context) - 1; }

void page_table_calls(Context& context) {
    const auto slot = last_slot(context);
    const auto what = make_entry(plain_segment(0x201), 0x4000'0000'0000, reinterpret_cast<std::uint64_t>(scratch()));
    context.remember_slot(slot);
    compare(context, "enter", {call::enter, flag::exact, slot, what.d0, what.d1});
    compare(context, "read", {call::read, 0, slot, 0, 0});
    compare(context, "protect", {call::protect, entry::pp_read_only, slot, 0, 0});
    compare(context, "remove", {call::remove, 0, slot, 0, 0});
    compare(context, "enter_refused", {call::enter, 0, ~std::uint64_t{0}, what.d0, what.d1});
}

void light_calls(Context& context) {
    compare(context, "unknown", {0x38, 0, 0, 0, 0});
    compare(context, "put_term_char", {call::put_term_char, 0x7100'0000, 0, 0, 0});
    compare(context, "get_term_char", {call::get_term_char, 0x7100'0000, 0, 0, 0});
    compare(context, "prod", {call::prod, 4095, 0, 0, 0});
    compare(context, "set_mode", {call::set_mode, 1, 4, 0, 0});
    compare(context, "xirr", {call::xirr, 0, 0, 0, 0});
}

void calls_that_wait(Context& context) {
    guest::asynchronous.decrementers = 0;
    guest::set_decrementer(100'000);
    compare(context, "cede", {call::cede, 0, 0, 0, 0}, true);
    guest::allow_interrupts(false);
    context.value("decrementers", guest::asynchronous.decrementers, 1);
    guest::set_decrementer(guest::decrementer_idle);
}

void rtas_call(Context& context) {
    const auto token = context.machine().tree->rtas_token("query-cpu-stopped-state");
    if (!token)
        return context.skip("/rtas has no query-cpu-stopped-state");
    auto* block = reinterpret_cast<std::uint32_t*>(scratch(20));
    const std::array<std::uint32_t, 6> words = {*token, 1, 2, 0, 0, 0};
    for (unsigned i = 0; i < words.size(); ++i)
        block[i] = __builtin_bswap32(words[i]);
    compare(context, "rtas", {call::rtas, reinterpret_cast<std::uint64_t>(block), 0, 0, 0});
}

void special_registers(Context& context) {
    using namespace guest;
    constexpr unsigned fscr = 153, privileged_dscr = 17;
    write_spr<fscr>(read_spr<fscr>() | 0x104); // TAR and DSCR facilities
    write_spr<spr::sprg0>(0x1111);
    write_spr<spr::sprg1>(0x2222);
    write_spr<spr::sprg3>(0x3333);
    write_spr<spr::dar>(0x4444'5555'6666'7777);
    write_spr<spr::dsisr>(0x4200'0000);
    write_spr<spr::tar>(0x8888'9999'aaaa'bbbc);
    write_spr<privileged_dscr>(0x10);
    write_spr<spr::vrsave>(0xcccc'dddd);
    write_spr<spr::amr>(3);
    hcall(call::read, 0, last_slot(context));
    hcall(0x38);
    hcall(call::put_term_char, 0x7100'0000, 0, 0, 0);
    hcall(call::prod, 4095);
    hcall(call::xirr);
    context.value("sprg0", read_spr<spr::sprg0>(), 0x1111);
    context.value("sprg1", read_spr<spr::sprg1>(), 0x2222);
    context.value("sprg3", read_spr<spr::sprg3>(), 0x3333);
    context.value("dar", read_spr<spr::dar>(), 0x4444'5555'6666'7777);
    context.value("dsisr", read_spr<spr::dsisr>(), 0x4200'0000);
    context.value("tar", read_spr<spr::tar>(), 0x8888'9999'aaaa'bbbc);
    context.value("dscr", read_spr<privileged_dscr>(), 0x10);
    context.value("vrsave", read_spr<spr::vrsave>(), 0xcccc'dddd);
    context.value("amr", read_spr<spr::amr>(), 3);
    write_spr<spr::amr>(0);
    write_spr<privileged_dscr>(0);
}

void machine_state(Context& context) {
    using namespace guest;
    set_decrementer(decrementer_idle);
    const auto old = read_msr();
    const auto check = [&](std::string_view label, std::uint64_t state) {
        write_msr(state);
        hcall(call::read, 0, 0);
        hcall(0x38);
        hcall(call::put_term_char, 0x7100'0000, 0, 0, 0);
        const auto seen = read_msr();
        write_msr(old);
        context.holds(label, seen == state);
    };
    check("plain", old);
    check("vectors_on", old | msr::fp | msr::vec | msr::vsx);
    check("vectors_off", old & ~(msr::fp | msr::vec | msr::vsx));
    check("interrupts_on", old | msr::ee);
    check("recoverable", old | msr::ri);
}

void segments_kept(Context& context) {
    const Segment segment = plain_segment(0x211);
    map(context, segment, segment.address, scratch(3));
    real_store(scratch(3), 0x1234);
    guest::asynchronous.decrementers = 0;
    guest::set_decrementer(100'000);
    hcall(call::cede);
    guest::allow_interrupts(false);
    guest::set_decrementer(guest::decrementer_idle);
    const auto loaded = load(segment.address);
    context.value("vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0x1234);
}

/// Nothing in the device tree promises the branch history, so it may be missing: but then as an illegal instruction, which an
/// operating system knows how to take. ISA 3.1 Book III 7.5.9, 7.5.17.
void branch_history(Context& context) {
    constexpr std::uint32_t clear_history = 0x7c00'035c, first_of_history = 0x7c60'025c; // clrbhrb; mfbhrbe 3, 0
    constexpr std::uint64_t illegal = 0x0008'0000, causes = 0x000f'0000;
    for (const std::uint32_t what : {clear_history, first_of_history}) {
        const auto at = reinterpret_cast<std::uint64_t>(code_page(what, instruction::trap));
        const auto fault = guest::guarded_execute(at, guest::read_msr(), 0);
        context.value("vector", fault.vector, 0x700);
        context.value("srr0", fault.srr0 - at, 0);
        context.value("srr1", fault.srr1 & causes, illegal);
    }
}

constexpr std::array cases = {
    Case{"registers.page_table_calls", &page_table_calls},   Case{"registers.light_calls", &light_calls},
    Case{"registers.calls_that_wait", &calls_that_wait},     Case{"registers.rtas_call", &rtas_call},
    Case{"registers.special_registers", &special_registers}, Case{"registers.machine_state", &machine_state},
    Case{"registers.segments_kept", &segments_kept},         Case{"registers.branch_history", &branch_history},
};

} // namespace

std::span<const Case> register_cases() { return cases; }

} // namespace conform
