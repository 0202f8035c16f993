// SPDX-License-Identifier: Apache-2.0
// Every hypervisor call made in problem state, with arguments with which it would do something: refused with H_PRIVILEGE, and
// nothing has changed. LoPAR "Hypervisor Call Semantics".
#include "access.hpp"

#include <transom/base/big_endian.hpp>
#include <utility>

namespace conform {

namespace {

using Arguments = std::array<std::uint64_t, 9>; // r4 to r12

constexpr std::uint64_t terminal = 0x7100'0000, everybody = ~std::uint64_t{0}, add_area = std::uint64_t{1} << 45,
                        add_shadow = std::uint64_t{3} << 45, removal = std::uint64_t{0x40} << 56,
                        end = std::uint64_t{0xc0} << 56, block_offset = 0x100;
constexpr unsigned victim_page = 2, shadow_page = 3, code_page_number = 12;

const Segment segment = plain_segment(0x1a1);

/// What a call that was not refused would change.
struct Scene {
    std::uint64_t victim = 0, empty = 0; // slots
    Entry page_entry;                    // of the page that the victim maps
    std::uint64_t page = 0;              // its logical address
};

struct Attempt {
    std::string_view name;
    std::uint64_t token;
    Arguments (*arguments)(const Scene&);
};

constexpr std::array
    attempts =
        {
            Attempt{"problem_state.remove", call::remove,
                    [](const Scene& s) -> Arguments {
                        return {0, s.victim, 0};
                    }},
            Attempt{"problem_state.enter", call::enter,
                    [](const Scene& s) -> Arguments {
                        return {flag::exact, s.empty, s.page_entry.d0, s.page_entry.d1};
                    }},
            Attempt{"problem_state.read", call::read,
                    [](const Scene& s) -> Arguments {
                        return {0, s.victim};
                    }},
            Attempt{"problem_state.clear_mod", call::clear_mod,
                    [](const Scene& s) -> Arguments {
                        return {0, s.victim};
                    }},
            Attempt{"problem_state.clear_ref", call::clear_ref,
                    [](const Scene& s) -> Arguments {
                        return {0, s.victim};
                    }},
            Attempt{"problem_state.protect", call::protect,
                    [](const Scene& s) -> Arguments {
                        return {entry::pp_read_only, s.victim, 0};
                    }},
            Attempt{"problem_state.set_sprg0", call::set_sprg0, [](const Scene&) -> Arguments { return {0x1234}; }},
            Attempt{"problem_state.set_dabr", call::set_dabr, [](const Scene& s) -> Arguments { return {s.page | 7}; }},
            Attempt{"problem_state.page_init", call::page_init,
                    [](const Scene& s) -> Arguments {
                        return {flag::zero_page, s.page, 0};
                    }},
            Attempt{"problem_state.logical_ci_load", call::ci_load,
                    [](const Scene& s) -> Arguments {
                        return {8, s.page};
                    }},
            Attempt{"problem_state.logical_ci_store", call::ci_store,
                    [](const Scene& s) -> Arguments {
                        return {8, s.page, 0x55};
                    }},
            Attempt{"problem_state.logical_cache_load", call::cache_load,
                    [](const Scene& s) -> Arguments {
                        return {8, s.page};
                    }},
            Attempt{"problem_state.logical_cache_store", call::cache_store,
                    [](const Scene& s) -> Arguments {
                        return {8, s.page, 0x55};
                    }},
            Attempt{"problem_state.logical_icbi", call::icbi, [](const Scene& s) -> Arguments { return {s.page}; }},
            Attempt{"problem_state.logical_dcbf", call::dcbf, [](const Scene& s) -> Arguments { return {s.page}; }},
            Attempt{"problem_state.get_term_char", call::get_term_char,
                    [](const Scene&) -> Arguments { return {terminal}; }},
            Attempt{"problem_state.put_term_char", call::put_term_char,
                    [](const Scene&) -> Arguments {
                        return {terminal, 1, std::uint64_t{'x'} << 56, 0};
                    }},
            Attempt{"problem_state.eoi", call::eoi, [](const Scene&) -> Arguments { return {0xff00'0002}; }},
            Attempt{"problem_state.cppr", call::cppr, [](const Scene&) -> Arguments { return {5}; }},
            Attempt{"problem_state.ipi", call::ipi,
                    [](const Scene&) -> Arguments {
                        return {0, 4};
                    }},
            Attempt{"problem_state.ipoll", call::ipoll, [](const Scene&) -> Arguments { return {0}; }},
            Attempt{"problem_state.xirr", call::xirr, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.register_vpa", call::register_vpa,
                    [](const Scene& s) -> Arguments {
                        return {add_area, 0, s.page};
                    }},
            Attempt{"problem_state.cede", call::cede, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.confer", call::confer,
                    [](const Scene&) -> Arguments {
                        return {everybody, 0};
                    }},
            Attempt{"problem_state.prod", call::prod, [](const Scene&) -> Arguments { return {0}; }},
            Attempt{"problem_state.get_ppp", call::get_ppp, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.set_ppp", call::set_ppp,
                    [](const Scene&) -> Arguments {
                        return {100, 200};
                    }},
            Attempt{"problem_state.purr", call::purr, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.pic", call::pic, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.bulk_remove", call::bulk_remove,
                    [](const Scene& s) -> Arguments {
                        return {removal | s.victim, 0, end};
                    }},
            Attempt{"problem_state.set_xdabr", call::set_xdabr,
                    [](const Scene& s) -> Arguments {
                        return {s.page | 7, 3};
                    }},
            Attempt{"problem_state.get_cpu_characteristics", call::get_cpu_characteristics,
                    [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.poll_pending", call::poll_pending, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.join", call::join, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.donor_operation", call::donor_operation,
                    [](const Scene&) -> Arguments { return {0}; }},
            Attempt{"problem_state.vasi_signal", call::vasi_signal,
                    [](const Scene&) -> Arguments { return {0, 1, 0}; }},
            Attempt{"problem_state.vasi_state", call::vasi_state, [](const Scene&) -> Arguments { return {0}; }},
            Attempt{"problem_state.affinity", call::affinity, [](const Scene&) -> Arguments { return {3}; }},
            Attempt{"problem_state.home_node_associativity", call::home_node_associativity,
                    [](const Scene&) -> Arguments {
                        return {1, 0};
                    }},
            Attempt{"problem_state.xirr_x", call::xirr_x, [](const Scene&) -> Arguments { return {0xff}; }},
            Attempt{"problem_state.random", call::random, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.set_mode", call::set_mode, [](const Scene&) -> Arguments { return {0, 4, 0, 0}; }},
            Attempt{"problem_state.block_remove", call::block_remove,
                    [](const Scene& s) -> Arguments { return {0, removal | s.victim, end}; }},
            Attempt{"problem_state.clear_hpt", call::clear_hpt, [](const Scene&) -> Arguments { return {}; }},
            Attempt{"problem_state.resize_hpt_prepare", call::resize_hpt_prepare,
                    [](const Scene&) -> Arguments { return {0, 0}; }},
            Attempt{"problem_state.resize_hpt_commit", call::resize_hpt_commit,
                    [](const Scene&) -> Arguments { return {0, 18}; }},
            Attempt{"problem_state.register_proc_tbl", call::register_process_table,
                    [](const Scene&) -> Arguments { return {0, 0, 0, 0}; }},
            Attempt{"problem_state.signal_sys_reset", call::signal_sys_reset,
                    [](const Scene&) -> Arguments { return {0}; }},
            Attempt{"problem_state.rtas", call::rtas,
                    [](const Scene& s) -> Arguments { return {s.page + block_offset}; }},
};

/// As far as supervisor state sees it.
struct State {
    std::array<std::uint64_t, 4> entries{};
    std::array<std::uint64_t, 2> presentation{};
    std::int64_t without_area = 0; // H_REGISTER_VPA of a shadow while there is no area
    std::uint64_t memory = 0, resets = 0;
    bool operator==(const State&) const = default;
};

State look(const Scene& scene) {
    State state;
    const auto victim = read(scene.victim), empty = read(scene.empty);
    state.entries = {victim.d0, victim.d1, empty.d0, empty.d1};
    const auto poll = guest::hcall(call::ipoll, 0);
    state.presentation = {poll.r(4) & 0xffff'ffff, poll.r(5) & 0xff};
    state.without_area =
        guest::hcall(call::register_vpa, add_shadow, 0, reinterpret_cast<std::uint64_t>(scratch(shadow_page))).status;
    for (unsigned i = 0; i < 512; ++i)
        state.memory = state.memory * 31 + real_load(scratch(victim_page) + i);
    state.resets = guest::asynchronous.resets;
    return state;
}

/// The victim's page: something everywhere, the size of a virtual processor area where one has it, and an RTAS call.
void fill(const Context& context) {
    for (unsigned i = 0; i < 512; ++i)
        real_store(scratch(victim_page) + i, 0x0101'0101'0101'0101 * (i % 251));
    auto* const bytes = reinterpret_cast<std::byte*>(scratch(victim_page));
    transom::store_be<std::uint16_t>(bytes + 4, 640);
    const std::array<std::uint32_t, 6> block = {
        context.machine().tree->rtas_token("query-cpu-stopped-state").value_or(0), 1, 2, 0, 0x5a5a, 0x5a5a};
    for (unsigned i = 0; i < block.size(); ++i)
        transom::store_be<std::uint32_t>(bytes + block_offset + 4 * i, block[i]);
    real_store(scratch(shadow_page), 0);
    transom::store_be<std::uint32_t>(reinterpret_cast<std::byte*>(scratch(shadow_page)) + 4, 0x80);
}

Scene prepare(Context& context) {
    Scene scene;
    fill(context);
    const auto address = segment.address + 0x1000;
    scene.page = reinterpret_cast<std::uint64_t>(scratch(victim_page));
    scene.page_entry = make_entry(segment, address, scene.page);
    scene.page_entry.d1 |= entry::rc;
    scene.victim = enter(context, 0, group_of(context, segment, address), scene.page_entry).r(4);
    scene.empty = scene.victim ^ 7;
    context.remember_slot(scene.empty);
    guest::allow_interrupts(false);
    guest::set_decrementer(guest::decrementer_idle);
    guest::hcall(call::ipi, 0, 0xff);
    guest::hcall(call::cppr, 0xff);
    return scene;
}

/// A page of code that loads r4 to r12 and r3 from the block that r3 leads to, calls the hypervisor, and then the supervisor.
constexpr std::uint64_t registers_offset = 0x800;
std::uint64_t* caller(std::uint64_t token, const Arguments& arguments) {
    constexpr std::uint32_t load_r3_base_r3 = 0xe863'0000;
    auto* const page = scratch(code_page_number);
    std::array<std::uint32_t, 12> code{};
    for (std::uint32_t n = 1; n <= arguments.size(); ++n)
        code[n - 1] = load_r3_base_r3 + (n << 21) + 8 * n;
    code[9] = load_r3_base_r3;
    code[10] = instruction::sc_1;
    code[11] = instruction::sc_0;
    for (unsigned i = 0; i < code.size(); i += 2)
        real_store(page + i / 2, std::uint64_t{code[i + 1]} << 32 | code[i]);
    real_store(page + registers_offset / 8, token);
    for (unsigned i = 0; i < arguments.size(); ++i)
        real_store(page + registers_offset / 8 + 1 + i, arguments[i]);
    asm volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(page) : "memory");
    return page;
}

void attempt(Context& context, const Attempt& what) {
    using namespace guest::msr;
    const auto scene = prepare(context);
    const auto arguments = what.arguments(scene);
    map(context, segment, segment.address, caller(what.token, arguments));
    guest::asynchronous.resets = 0;
    const auto before = look(scene);
    guest::accept_resets(true);
    const auto fault =
        guest::guarded_execute(segment.address, sf | me | ee | pr | ir | dr | le, segment.address + registers_offset);
    guest::accept_resets(false);
    if (fault.vector == 0xc00)
        evidence.note_problem_state(what.token);
    context.status("status", static_cast<std::int64_t>(fault.r(3)), status::privilege);
    context.value("vector", fault.vector, 0xc00);
    context.holds("goes_on", fault.srr0 == segment.address + 4 * 12);
    context.value("state", fault.srr1 & (sf | ee | pr | ir | dr | le), sf | ee | pr | ir | dr | le);
    bool kept = true;
    for (unsigned i = 0; i < arguments.size(); ++i)
        kept = kept && fault.r(4 + i) == arguments[i];
    context.holds("registers_kept", kept);
    context.holds("nothing_changed", look(scene) == before);
    guest::hcall(call::cppr, 0);
}

template <std::size_t i> void run(Context& context) { attempt(context, attempts[i]); }

template <std::size_t... i> constexpr auto make_cases(std::index_sequence<i...>) {
    return std::array{Case{attempts[i].name, &run<i>, problem_state(attempts[i].token)}...};
}

constexpr auto cases = make_cases(std::make_index_sequence<attempts.size()>{});

} // namespace

std::span<const Case> problem_state_cases() { return cases; }

} // namespace conform
