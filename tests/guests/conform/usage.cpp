// SPDX-License-Identifier: Apache-2.0
// R and C under the accesses of another processor, which go on all the time: H_CLEAR_MOD, H_CLEAR_REF and H_READ never lose an
// access that came before them, and one that comes after them sets the bit again. ISA 3.0B Book III 5.7.12.
#include "access.hpp"
#include "together.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x141);
constexpr unsigned page = 24, count_page = 25;
constexpr std::uint64_t count_address = 0x1'0000; // in the segment: where litmus.S's load_loop counts
constexpr std::uint64_t least = 20, most = 3000;

extern "C" void store_loop();
extern "C" void load_loop();

Shared leave, other_faults;
void (*loop)();

/// Begins again where an access found no entry: H_CLEAR_MOD and H_CLEAR_REF may take it away for a moment (ISA 3.0B Book III
/// 5.10.1.2, "Modifying a Translation Table Entry, General Case").
void go_on() {
    set_segment(segment, 1);
    std::uint64_t number = 1;
    while (leave == 0 && !guest::out_of_time()) {
        const auto fault = guest::guarded(loop, segment.address, number, 0);
        other_faults += fault.vector != 0x300 || (fault.dsisr & dsisr::no_entry) == 0;
        number = fault.r(12);
    }
    forget_segments();
}

std::uint64_t enter_page(Context& context, std::uint64_t offset, unsigned memory) {
    real_store(scratch(memory), 0);
    const auto address = segment.address + offset;
    return enter(context, 0, group_of(context, segment, address),
                 make_entry(segment, address, reinterpret_cast<std::uint64_t>(scratch(memory))))
        .r(4);
}

/// `number` is the word that the other's accesses leave; an access is certain to have come after another moment when it
/// has grown by `step`.
void run(Context& context, std::uint64_t clear, std::uint64_t bit, const std::uint64_t* number, std::uint64_t step) {
    if (!offers_processors(context, 2))
        return;
    leave = other_faults = 0;
    const auto slot = enter_page(context, 0, page), count_slot = enter_page(context, count_address, count_page);
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &go_on));
    std::uint64_t lost = 0, unmarked = 0, done = 0, last = 0;
    bool answered = true;
    wait_until([&] { return real_load(number) >= step; });
    const Rounds rounds(context.machine(), least, most);
    for (; rounds.more(done) && answered; ++done) {
        const auto before = real_load(number);
        const auto answer = hcall(clear, 0, slot);
        const auto after = real_load(number);
        answered = answer.status == status::success;
        lost += before >= last + step && (answer.r(4) & bit) == 0;
        last = after;
        if (done % 2 == 0)
            continue;
        wait_until([&] { return real_load(number) >= after + step; });
        unmarked += (read(slot).d1 & bit) == 0;
    }
    leave = 1;
    remove(0, slot, 0);
    remove(0, count_slot, 0);
    context.holds("ended", crew.finish());
    context.holds("answered", answered);
    context.count("lost", lost, 0);
    context.count("unmarked", unmarked, 0);
    context.count("other_faults", other_faults, 0);
    context.holds("enough", rounds.enough(done));
}

void changed(Context& context) {
    loop = &store_loop;
    run(context, call::clear_mod, entry::c, scratch(page), 1);
}

// The load of one number is before its store, and surely after the store of the last but one.
void referenced(Context& context) {
    loop = &load_loop;
    run(context, call::clear_ref, entry::r, scratch(count_page), 3);
}

constexpr std::array cases = {
    Case{"usage.changed", &changed, good(call::clear_mod)},
    Case{"usage.referenced", &referenced, good(call::clear_ref)},
};

} // namespace

std::span<const Case> usage_cases() { return cases; }

} // namespace conform
