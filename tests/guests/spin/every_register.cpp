// SPDX-License-Identifier: Apache-2.0
// Every special purpose register that this processor lets a partition write, whatever its name: found by trying.
#include "checks.hpp"

#include "../common/spr.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace spin {

namespace {

using namespace guest;

constexpr unsigned spr_numbers = 1024;
constexpr std::uint64_t transactional_memory = std::uint64_t{1} << 32; // MSR[TM]: opens its registers

/// What this guest uses itself, what counts, and what would stop it.
constexpr std::array untouched = {
    1u,    8u,   9u,               // XER, LR, CTR
    18u,   19u,  22u,  26u,  27u,  // DSISR, DAR, DEC, SRR0, SRR1
    28u,                           // CFAR: every branch
    268u,  269u, 272u, 273u, 274u, // TB, TBU, SPRG0 to SPRG2
    284u,  285u,                   // TBL, TBU for writing
    308u,  309u, 848u, 849u,       // SPURR, PURR, IC, VTB
    1023u,                         // PIR: of the processor that it runs on at the moment
};

/// What a partition may count on keeping, and what never changes. ISA 3.1 Book III, appendix of SPRs; POWER8: 2.07. 823, PSSCR,
/// is there on processors and not in QEMU up to 10. DPDES is not here: HFSCR denies the doorbells, and it with them.
constexpr std::array kept = {
    3u,   13u,  17u,  29u,  48u,  61u,  136u, 144u, 153u, 157u, 159u, 256u, 259u, 275u, 287u, 446u, 455u, 468u,
    752u, 753u, 754u, 769u, 770u, 771u, 772u, 773u, 774u, 775u, 776u, 779u, 780u, 781u, 782u, 784u, 785u, 786u,
    787u, 788u, 789u, 790u, 791u, 792u, 795u, 796u, 797u, 798u, 804u, 805u, 806u, 812u, 815u, 823u, 828u, 896u,
};
constexpr std::array kept_on_power8 = {31u, 888u, 889u, 890u, 892u, 893u, 894u, 895u};

struct Register {
    std::uint16_t number = 0;
    bool kept = false;
    std::uint64_t expected = 0;
};

std::array<Register, 256> found;
std::size_t count = 0;
std::uint64_t own_bits = 0;

std::span<Register> registers() { return std::span(found).first(count); }

enum class Direction : std::uint32_t { from = 0x7c00'02a6, to = 0x7c00'03a6 }; // mfspr, mtspr

/// mfspr or mtspr with r3, and a trap. Nothing where it takes another interrupt.
std::optional<std::uint64_t> move(Direction direction, unsigned number, std::uint64_t r3) {
    alignas(128) static volatile std::uint32_t code[2];
    constexpr std::uint32_t trap = 0x7fe0'0008;
    code[0] = static_cast<std::uint32_t>(direction) | 3 << 21 | (number & 0x1f) << 16 | number >> 5 << 11;
    code[1] = trap;
    asm volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(code) : "memory");
    const auto at = reinterpret_cast<std::uint64_t>(code);
    const auto fault = guarded_execute(at, read_msr() | transactional_memory, r3);
    if (fault.vector != 0x700 || fault.srr0 != at + 4)
        return std::nullopt;
    return fault.r(3);
}

/// Its contents, if it is a register: where there is none the move does nothing.
std::optional<std::uint64_t> read(unsigned number) {
    const auto once = move(Direction::from, number, 0x1234'5678),
               again = move(Direction::from, number, ~0x1234'5678ull);
    if (!once || !again || (*once == 0x1234'5678 && *again == ~0x1234'5678ull))
        return std::nullopt;
    return again;
}

/// A value of this partition's own that leaves the guest running.
std::uint64_t pattern(const Register& one) {
    const std::uint64_t own = one.kept ? own_bits * (2 * one.number + 1) : own_bits;
    switch (one.number) {
    case 13: // UAMR, AMR, IAMR, UAMOR: key 0 stays open
    case 29:
    case 61:
    case 157:
        return own & ~(std::uint64_t{3} << 62);
    case 779: // MMCR0: frozen
    case 795:
        return 0x8000'0000;
    default:
        return own;
    }
}

bool contains(std::span<const unsigned> list, unsigned number) { return std::ranges::find(list, number) != list.end(); }

bool keeps(unsigned number) {
    const auto version = read_spr<spr::pvr>() >> 16;
    const bool power8 = version == 0x4b || version == 0x4c || version == 0x4d;
    return contains(kept, number) || (power8 && contains(kept_on_power8, number));
}

void write_all() {
    constexpr Register ctrl{152}; // is read as another
    for (const auto& one : registers())
        if (one.number != spr::fscr)
            move(Direction::to, one.number, pattern(one));
    move(Direction::to, ctrl.number, pattern(ctrl));
}

/// Whether all read as last time.
bool read_all() {
    bool same = true;
    for (auto& one : registers()) {
        const auto value = read(one.number).value_or(0);
        same = same && (value == one.expected || !one.kept);
        one.expected = value;
    }
    return same;
}

bool as_expected(const Register& one, std::uint64_t value) {
    return one.kept ? value == one.expected : (value & ~own_bits) == 0;
}

} // namespace

bool has_odd_number(const Machine& machine) {
    // One that does not know its number would be like the other, and could not see its bits.
    const auto number = machine.tree->cell("/", "ibm,partition-no");
    if (!number)
        bail_out("the tree has no ibm,partition-no");
    return *number % 2 != 0;
}

void set_every_register(bool odd) {
    own_bits = odd ? 0x5555'5555'5555'5555 : 0xaaaa'aaaa'aaaa'aaaa;
    write_spr<spr::fscr>(read_spr<spr::fscr>() | 0x104); // TAR and DSCR
    for (unsigned number = 2; number < spr_numbers && count < found.size(); ++number)
        if (!contains(untouched, number) && read(number))
            found[count++] = {.number = static_cast<std::uint16_t>(number), .kept = keeps(number)};
    // What a register makes of what is written to it is what is read then, unless another partition came between.
    do {
        write_all();
        read_all();
        write_all();
    } while (!read_all());
}

void check_every_register() {
    for (const auto& one : registers()) {
        const auto value = read(one.number).value_or(0);
        if (as_expected(one, value))
            continue;
        Line what;
        what << "register " << static_cast<std::int64_t>(one.number);
        bad(what.view(), value, one.expected);
    }
    write_all();
}

std::uint64_t registers_checked() { return count; }

} // namespace spin
