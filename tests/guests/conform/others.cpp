// SPDX-License-Identifier: Apache-2.0
// Calls about other processors, and calls that are about all of them or about the caller alone. LoPAR H_REGISTER_VPA, H_SET_MODE,
// H_SET_SPRG0.
#include "access.hpp"
#include "remote.hpp"
#include "shared_area.hpp"

namespace conform {

namespace {

Shared phase, leave, odd_while_running;

void look_and_cede() {
    std::uint64_t odd = 0;
    for (unsigned i = 0; i < 1000; ++i, pause(100))
        odd += dispatch_counter(1) % 2;
    odd_while_running = odd;
    phase = 1;
    while (leave == 0 && !guest::out_of_time()) {
        guest::set_decrementer(guest::decrementer_idle);
        guest::hcall(call::cede);
        ++phase;
    }
    quiet();
}

void counter_of_another(Context& context) {
    if (!offers_areas(context) || !offers_processors(context, 2))
        return;
    phase = leave = odd_while_running = 0;
    context.status("registered_stopped", register_area(1), status::success);
    {
        Crew crew(context.machine());
        context.holds("started", crew.start(1, &look_and_cede));
        context.holds("waits", wait_giving_way([] { return phase == 1 && dispatch_counter(1) % 2 != 0; }));
        context.count("odd_while_running", odd_while_running, 0);
        const auto waiting = dispatch_counter(1);
        pause(500'000);
        context.holds("still", dispatch_counter(1) == waiting && phase == 1);
        hcall(call::prod, 1);
        context.holds("went_on", wait_giving_way([&] {
                          return phase == 2 && static_cast<std::int32_t>(dispatch_counter(1) - waiting) > 0;
                      }));
        context.status("forgotten", forget_area(1), status::success);
        const auto last = dispatch_counter(1);
        hcall(call::prod, 1);
        context.holds("went_on_unseen", wait_giving_way([] { return phase == 3; }) && dispatch_counter(1) == last);
        context.status("registered_again", register_area(1), status::success);
        hcall(call::prod, 1);
        context.holds("seen_again", wait_giving_way([] { return phase == 4 && dispatch_counter(1) != 0; }));
        leave = 1;
        context.holds("ended", crew.finish(true));
    }
    context.status("forgotten_stopped", forget_area(1), status::success);
}

const Segment segment = plain_segment(0x151);
const Segment vectors = {.address = 0xc000'0000'0000'0000, .vsid = 0x152};
constexpr std::uint64_t relocated = 0x4000; // head.S has its second vectors there
Shared traps, vector;

/// Calls nothing, and takes an interrupt with translation on again and again.
void trap_over_and_over() {
    set_segment(segment, 1);
    set_segment(vectors, 2);
    while (leave == 0 && !guest::out_of_time()) {
        using namespace guest::msr;
        vector = guest::guarded_execute(segment.address, sf | me | ir | dr | le, 0).vector;
        ++traps;
    }
    forget_segments();
}

void interrupt_location(Context& context) {
    if (!offers_processors(context, 2))
        return;
    traps = vector = leave = 0;
    map(context, segment, segment.address, trap_page());
    const auto page = vectors.address + relocated;
    const auto entered = enter(context, 0, group_of(context, vectors, page), make_entry(vectors, page, relocated));
    context.status("entered", entered.status, status::success);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &trap_over_and_over));
    const auto expect = [&](std::string_view label, std::uint64_t expected) {
        const std::uint64_t before = traps; // the one that is under way may still be as it was
        wait_until([&] { return traps >= before + 2; });
        context.value(label, vector, expected);
    };
    expect("at_first", 0x700);
    context.status("moved", hcall(call::set_mode, 3, 3, 0, 0).status, status::success);
    expect("after_move", relocated + 0x700);
    context.status("back", hcall(call::set_mode, 0, 3, 0, 0).status, status::success);
    expect("after_return", 0x700);
    leave = 1;
    context.holds("ended", crew.finish());
}

/// The order of interrupts cannot change while another processor may take one.
void byte_order(Context& context) {
    if (!offers_processors(context, 2))
        return;
    Remote other(context, 1);
    const auto set_little = [] { return hcall(call::set_mode, 1, 4, 0, 0).status; };
    context.status("interrupts_off", set_little(), status::success);
    other.run([] { guest::allow_interrupts(true); });
    context.status("interrupts_on", set_little(), status::bad_mode);
    other.run([] { guest::allow_interrupts(false); });
    context.status("interrupts_off_again", set_little(), status::success);
}

Shared there;

/// What is the caller's alone.
void own_register(Context& context) {
    if (!offers_processors(context, 2))
        return;
    if (!context.machine().tree->has_function_set("hcall-sprg0"))
        return context.skip("ibm,hypertas-functions has no hcall-sprg0");
    using namespace guest;
    Remote other(context, 1);
    context.status("there", other.hcall(call::set_sprg0, 0x1111).status, status::success);
    context.status("here", conform::hcall(call::set_sprg0, 0x2222).status, status::success);
    context.value("is_here", read_spr<spr::sprg0>(), 0x2222);
    other.run([] { there = read_spr<spr::sprg0>(); });
    context.value("is_there", there, 0x1111);
}

void own_breakpoint(Context& context) {
    if (!offers_processors(context, 2))
        return;
    if (!context.machine().tree->has_function_set("hcall-dabr"))
        return context.skip("ibm,hypertas-functions has no hcall-dabr");
    constexpr std::uint64_t stores_translated = 0x6;
    map(context, segment, segment.address, scratch(27));
    Remote other(context, 1);
    context.status("set", hcall(call::set_dabr, segment.address | stores_translated).status, status::success);
    other.run([] {
        set_segment(segment, 1);
        there = store(segment.address, 0x5151).vector;
        forget_segments();
    });
    context.value("vector_there", there, 0);
    context.value("stored", real_load(scratch(27)), 0x5151);
    context.status("cleared", hcall(call::set_dabr, 0).status, status::success);
}

constexpr std::array cases = {
    Case{"others.counter_of_another", &counter_of_another, good(call::register_vpa)},
    Case{"others.interrupt_location", &interrupt_location, good(call::set_mode)},
    Case{"others.byte_order", &byte_order, good(call::set_mode)},
    Case{"others.own_register", &own_register, good(call::set_sprg0)},
    Case{"others.own_breakpoint", &own_breakpoint, good(call::set_dabr)},
};

} // namespace

std::span<const Case> others_cases() { return cases; }

} // namespace conform
