// SPDX-License-Identifier: Apache-2.0
// Thousands of page-table calls in a row, each compared with a plain model of eight groups; then hostile ones, which must all be
// answered and change nothing. The sequence is the same each time.
#include "../common/random.hpp"
#include "table.hpp"

namespace conform {

namespace {

using guest::Random;

constexpr std::uint64_t first_slot = 64 * 8, slots = 64;
constexpr std::uint64_t attributes =
    entry::pp0 | entry::key_high | entry::key_low | entry::rc | entry::no_execute | 3; // what may be any value

/// What the table should hold, and the calls on both.
class Model {
  public:
    Model(Context& context, std::uint64_t seed) : context_(context), random_(seed) {}

    /// One call; false where the table did something else than the model.
    bool step() {
        slot_ = random_.below(slots);
        switch (random_.below(8)) {
        case 0:
        case 1:
        case 2:
            return enter_one();
        case 3:
        case 4:
            return remove_one();
        case 5:
            return protect_one();
        case 6:
            return remove_two();
        default:
            return same(slot_);
        }
    }

    bool all_same() {
        for (std::uint64_t i = 0; i < slots; ++i)
            if (!same(i))
                return false;
        return true;
    }

  private:
    bool same(std::uint64_t i) {
        const auto stored = read(first_slot + i);
        const auto& expected = table_[i];
        if ((expected.d0 & entry::valid) == 0)
            return (stored.d0 & entry::valid) == 0;
        return stored.d0 == expected.d0 && (stored.d1 & ~entry::real_page) == (expected.d1 & ~entry::real_page);
    }

    Entry any_entry() {
        const Segment segment = plain_segment(0x300 + random_.below(4));
        auto what = make_entry(segment, segment.address + random_.below(4) * 0x80'0000,
                               reinterpret_cast<std::uint64_t>(scratch(static_cast<unsigned>(random_.below(16)))));
        what.d0 |= random_.below(4) << 3 | (random_.one_in(2) ? entry::secondary : 0);
        what.d1 = (what.d1 & ~attributes) | (random_.next() << 55 & attributes) | (random_.next() & attributes);
        return what;
    }

    bool enter_one() {
        const bool exact = random_.one_in(2);
        const auto what = any_entry();
        std::uint64_t target = slots;
        for (std::uint64_t i = exact ? slot_ : slot_ & ~7u; i <= (exact ? slot_ : slot_ | 7); ++i)
            if (target == slots && (table_[i].d0 & entry::valid) == 0)
                target = i;
        const auto answer = enter(context_, exact ? flag::exact : 0, first_slot + slot_, what);
        if (target == slots)
            return answer.status == status::pteg_full && same(slot_);
        table_[target] = what;
        return answer.status == status::success && answer.r(4) == first_slot + target && same(target);
    }

    /// Flags and operand of a condition, and whether slot i meets it.
    struct Condition {
        std::uint64_t flags, operand;
        bool met;
    };
    Condition any_condition(std::uint64_t i) {
        const auto d0 = table_[i].d0;
        const auto avpn = random_.one_in(4) ? avpn_of(any_entry().d0) : avpn_of(d0);
        const bool valid = (d0 & entry::valid) != 0;
        switch (random_.below(3)) {
        case 0:
            return {0, random_.next(), valid};
        case 1:
            return {flag::avpn, avpn, valid && avpn_of(d0) == avpn};
        default:
            return {flag::andcond, 0x10, valid && (d0 & 0x10) == 0};
        }
    }

    bool remove_one() {
        const auto condition = any_condition(slot_);
        const auto answer = remove(condition.flags, first_slot + slot_, condition.operand);
        if (!condition.met)
            return answer.status == status::not_found && same(slot_);
        const auto old = table_[slot_];
        table_[slot_] = {};
        return answer.status == status::success && (answer.r(4) & ~entry::hypervisor_0) == old.d0 &&
               (answer.r(5) & ~entry::real_page) == (old.d1 & ~entry::real_page) && same(slot_);
    }

    bool remove_two() {
        const auto second = random_.below(slots);
        if (second == slot_)
            return true;
        constexpr std::uint64_t request = std::uint64_t{0x40} << 56, end = std::uint64_t{0xc0} << 56;
        const auto a = any_condition(slot_), b = any_condition(second);
        const auto specifier = [&](const Condition& c, std::uint64_t i) {
            const std::uint64_t bits = c.flags == flag::avpn ? 2 : c.flags == flag::andcond ? 1 : 0;
            return request | bits << 56 | (first_slot + i);
        };
        const auto answer =
            hcall(call::bulk_remove, specifier(a, slot_), a.operand, specifier(b, second), b.operand, end, 0, 0, 0);
        // The code only: R and C are looked at in bulk_remove.answers_rc.
        const auto code = [](std::uint64_t word) { return word >> 60; };
        if (a.met)
            table_[slot_] = {};
        if (b.met)
            table_[second] = {};
        return answer.status == status::success && code(answer.r(4)) == (a.met ? 8 : 9) &&
               code(answer.r(6)) == (b.met ? 8 : 9) && same(slot_) && same(second);
    }

    bool protect_one() {
        const bool by_avpn = random_.one_in(2);
        const auto operand = random_.one_in(4) ? avpn_of(any_entry().d0) : avpn_of(table_[slot_].d0);
        const bool met = (table_[slot_].d0 & entry::valid) && (!by_avpn || avpn_of(table_[slot_].d0) == operand);
        const std::uint64_t protection = random_.next() & 0x3f07;
        const auto answer = hcall(call::protect, (by_avpn ? flag::avpn : 0) | protection, first_slot + slot_, operand);
        if (!met)
            return answer.status == status::not_found && same(slot_);
        auto& d1 = table_[slot_].d1;
        d1 = (d1 & ~(attributes & ~entry::rc)) | (protection & 0xe07) | (protection & 0x3000) << 48 |
             (protection & 0x100) << 55;
        // LoPAR sets R anew, others keep it: either is right.
        const auto stored = read(first_slot + slot_).d1;
        d1 = (d1 & ~entry::r) | (stored & entry::r);
        return answer.status == status::success && same(slot_);
    }

    Context& context_;
    Random random_;
    std::uint64_t slot_ = 0;
    std::array<Entry, slots> table_{};
};

void run_model(Context& context, std::uint64_t seed) {
    Model model(context, seed);
    constexpr std::uint64_t steps = 4000;
    std::uint64_t done = 0;
    while (done < steps && model.step())
        ++done;
    context.value("steps", done, steps);
    context.holds("all_same", model.all_same());
}

void first_sequence(Context& context) { run_model(context, 1); }
void second_sequence(Context& context) { run_model(context, 0x2026'1122); }

void hostile_arguments(Context& context) {
    // Calls that look at the table or the terminal and never write the partition's memory. (H_LOGICAL_CI_STORE does on QEMU,
    // which lets it write to the guest's own code.)
    constexpr std::array tokens = {call::remove,        call::read,         call::protect,      call::clear_ref,
                                   call::clear_mod,     call::bulk_remove,  call::block_remove, call::ipoll,
                                   call::get_term_char, std::uint64_t{0x3c}};
    constexpr std::uint64_t slot = 0x1234; // no hostile argument is that
    const auto what = make_entry(plain_segment(0x311), 0x4000'0000'0000, reinterpret_cast<std::uint64_t>(scratch()));
    enter(context, flag::exact, slot, what);
    const auto slots_there = slot_count(context), memory = context.machine().memory;
    Random random(0x5eed);
    const auto hostile = [&] { return guest::hostile_argument(random, slots_there, memory); };
    bool known_status = true;
    for (int i = 0; i < 5000; ++i) {
        std::array<std::uint64_t, 9> a{};
        for (auto& one : a)
            one = hostile();
        const auto answer =
            hcall(tokens[random.below(tokens.size())], a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
        known_status = known_status && answer.status >= -511 && answer.status <= 9905;
    }
    // H_ENTER last: what it accepts is taken out again with the rest.
    for (int i = 0; i < 2000; ++i) {
        // Not to zero pages of the guest itself.
        const auto answer = hcall(call::enter, hostile() & ~flag::zero_page, hostile(), hostile(), hostile());
        known_status = known_status && answer.status >= -511 && answer.status <= 9905;
        if (answer.status == status::success)
            remove(0, answer.r(4), 0);
    }
    context.holds("known_status", known_status);
    context.value("d0", read(slot).d0, what.d0);
}

constexpr std::array cases = {
    Case{"model.first_sequence", &first_sequence},
    Case{"model.second_sequence", &second_sequence},
    Case{"model.hostile_arguments", &hostile_arguments},
};

} // namespace

std::span<const Case> model_cases() { return cases; }

} // namespace conform
