// SPDX-License-Identifier: Apache-2.0
#include "../common/hypercall.hpp"
#include "operation.hpp"

namespace fuzz {

namespace {

namespace call = guest::call;
namespace entry = guest::entry;
namespace flag = guest::flag;

constexpr std::uint64_t key_masks = entry::key_high | entry::key_low;

/// Any bits of the flags word but the one that would zero a page.
std::uint64_t stray_flags(Random& random) { return random.one_in(12) ? random.next() & ~flag::zero_page : 0; }

std::uint64_t any_slot(const Scene& scene, Random& random) {
    return random.any_of(scene.groups()) + random.below(slots_per_group);
}

/// Keeps what an H_ENTER may do within what this program survives and both machines offer.
void tame_entry(const Scene& scene, Operation& op) {
    std::uint64_t &slot = op.a[1], &d0 = op.a[2], &d1 = op.a[3];
    // Pages of 64 KiB in segments of 4 KiB base pages are an option that QEMU's pseries does not offer (its
    // ibm,segment-page-sizes; differences.json of the conformance suite, enter.page_of_64_kib_in_4_kib_segment).
    if ((d0 & entry::large) != 0 && (d1 & 0xf000) == 0x7000)
        d1 ^= 0x6000;
    // An entry maps the arena, the page of 16 MiB or what is not memory, never this program.
    if (is_huge(d0, d1)) {
        if ((d1 & entry::real_page) < scene.memory())
            d1 = (d1 & ~(entry::real_page & ~std::uint64_t{0x1f'f000})) |
                 arena::huge; // bit 43, which is to be off, stays
    } else if ((d1 & entry::real_page) < scene.memory()) {
        const std::uint64_t offset = d1 & (arena::size - 1) & ~(small_page - 1);
        d1 = (d1 & ~entry::real_page) | (arena::begin() + offset);
        if (is_huge(d0, d1))
            d0 &= ~entry::large;
    }
    op.passing = !scene.is_crowded(slot);
    if (op.passing || scene.is_for_real_mode(slot))
        d0 |= entry::valid;
}

Operation any_enter(const Scene& scene, Random& random) {
    const auto place = scene.place(random);
    const auto& segment = scene.segment(place.segment);
    auto what =
        guest::make_entry(segment, place.address, arena::begin() + random.below(arena::size / small_page) * small_page);
    if (segment.page_shift == 16 || random.one_in(24)) {
        what.d0 |= entry::large;
        what.d1 = (what.d1 & ~std::uint64_t{large_page - small_page}) | 0x1000;
    }
    if (!segment.terabyte && random.one_in(12)) {
        what.d0 |= entry::large;
        what.d1 = (what.d1 & ~entry::real_page) | arena::huge | huge_encodings[segment.page_shift == 16] << 12;
        what.d1 ^= random.one_in(16) ? std::uint64_t{1} << 20 : 0;
    }
    const bool secondary = random.one_in(3);
    std::uint64_t slot = secondary ? place.secondary : place.primary;
    if (random.one_in(10))
        slot = random.any_of(scene.groups());
    what.d0 |= (secondary ? entry::secondary : 0) | (random.next() & entry::software);
    if (random.one_in(16))
        what.d0 &= ~entry::valid;
    if (random.one_in(32))
        what.d0 ^= std::uint64_t{1} << random.below(64);
    constexpr std::array<std::uint64_t, 5> pps = {0, 1, 2, 3, 2};
    what.d1 = (what.d1 & ~std::uint64_t{3}) | random.any_of(pps);
    what.d1 |= random.one_in(8) ? entry::pp0 : 0;
    what.d1 |= random.one_in(6) ? entry::no_execute : 0;
    what.d1 |= random.one_in(4) ? random.next() & entry::rc : 0;
    what.d1 |= random.one_in(2) ? random.next() & key_masks : 0;
    if (random.one_in(24))
        what.d1 ^= std::uint64_t{1} << random.below(64);
    Operation op{.token = call::enter};
    std::uint64_t flags = stray_flags(random) | (random.one_in(2) ? flag::exact : 0);
    flags |= random.one_in(12) ? flag::zero_page : 0;
    flags |= random.one_in(16) ? random.next() & flag::icache : 0;
    op.a = {flags, slot + random.below(slots_per_group), what.d0, what.d1};
    tame_entry(scene, op);
    return op;
}

/// The operand of a condition on an entry that may be there.
std::uint64_t any_operand(const Scene& scene, Random& random) {
    if (random.one_in(4))
        return random.next();
    const auto place = scene.place(random);
    return guest::make_entry(scene.segment(place.segment), place.address, 0).d0 & ~std::uint64_t{0x7f};
}

/// Operands of ANDCOND that are met now and then.
std::uint64_t any_mask(Random& random) {
    return random.one_in(3) ? std::uint64_t{1} << random.below(64) : random.next() & 0x7e;
}

/// Half of the calls that change an entry have an access to its page around them: it leaves a translation that the call has
/// to invalidate.
Kind any_around(Random& random) {
    constexpr std::array<Kind, 6> kinds = {Kind::call, Kind::call, Kind::call, Kind::load, Kind::store, Kind::fetch};
    return random.any_of(kinds);
}

Operation any_condition(const Scene& scene, Random& random, std::uint64_t token, std::uint64_t flags) {
    Operation op{.token = token};
    op.a = {flags, any_slot(scene, random), random.next()};
    switch (random.below(6)) {
    case 0:
        op.a[0] |= flag::avpn;
        op.a[2] = any_operand(scene, random);
        break;
    case 1:
        op.a[0] |= flag::avpn | (random.one_in(4) ? flag::andcond : 0);
        op.operand_of_entry = true;
        op.a[2] = random.one_in(2) ? random.next() & 0x7f : 0; // below the AVPN
        break;
    case 2:
        op.a[0] |= flag::andcond;
        op.a[2] = any_mask(random);
        break;
    default:
        break;
    }
    op.around = any_around(random);
    return op;
}

Operation any_bulk_remove(const Scene& scene, Random& random) {
    Operation op{.token = call::bulk_remove};
    op.operand_of_entry = random.one_in(2);
    constexpr std::array<std::uint64_t, 10> types = {0x40, 0x40, 0x41, 0x41, 0x42, 0x42, 0x42, 0x4c, 0xc0, 0x43};
    for (unsigned i = 0; i < 8; i += 2) {
        std::uint64_t type = random.any_of(types);
        if (random.one_in(24))
            type = random.below(256);
        op.a[i] = type << 56 | any_slot(scene, random);
        if (random.one_in(24))
            op.a[i] ^= std::uint64_t{1} << random.below(56);
        op.a[i + 1] = (type & 1) != 0 ? any_mask(random) : any_operand(scene, random);
    }
    op.around = any_around(random);
    return op;
}

Operation any_access(const Scene& scene, Random& random, Kind kind) {
    const auto place = scene.place(random);
    Operation op{.kind = kind};
    const std::uint64_t offset = kind == Kind::fetch ? arena::trap : random.below((arena::trap - 8) / 8) * 8;
    op.a = {place.address + offset, random.next()};
    if (random.one_in(64))
        op.a[0] += std::uint64_t{segment_count} << 40; // in no segment
    return op;
}

Operation any_hostile_call(const Scene& scene, Random& random) {
    constexpr std::array<std::uint64_t, 8> tokens = {call::remove,    call::read,  call::protect,     call::clear_ref,
                                                     call::clear_mod, call::enter, call::bulk_remove, call::enter};
    Operation op{.token = random.any_of(tokens)};
    for (auto& one : op.a)
        one = guest::hostile_argument(random, scene.slots(), scene.memory());
    if (op.token == call::enter)
        tame_entry(scene, op);
    return op;
}

} // namespace

Operation generate(const Scene& scene, std::uint64_t seed, std::uint64_t index) {
    Random random(seed, index);
    const auto dice = random.below(64);
    if (dice < 18)
        return any_enter(scene, random);
    if (dice < 26)
        return any_condition(scene, random, call::remove, stray_flags(random));
    if (dice < 32)
        return any_condition(scene, random, call::protect, stray_flags(random) | (random.next() & 0x3f07));
    if (dice < 37) {
        Operation op{.token = call::read};
        op.a = {stray_flags(random) | (random.one_in(2) ? flag::read_4 : 0), any_slot(scene, random)};
        return op;
    }
    if (dice < 40)
        return any_bulk_remove(scene, random);
    if (dice < 44) {
        Operation op{.token = dice < 42 ? call::clear_ref : call::clear_mod};
        op.a = {stray_flags(random), any_slot(scene, random)};
        op.around = any_around(random);
        return op;
    }
    if (dice < 52)
        return any_access(scene, random, Kind::load);
    if (dice < 58)
        return any_access(scene, random, Kind::store);
    if (dice < 60)
        return any_access(scene, random, Kind::fetch);
    if (dice < 61) {
        // Never key 0 (bits 0 and 1), with which this program's own memory is mapped.
        Operation op{.kind = Kind::set_amr};
        op.a[0] = random.one_in(3) ? 0 : random.next() & random.next() & ~std::uint64_t{0} >> 2;
        return op;
    }
    return any_hostile_call(scene, random);
}

} // namespace fuzz
