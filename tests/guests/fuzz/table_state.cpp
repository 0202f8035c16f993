// SPDX-License-Identifier: Apache-2.0
#include "table_state.hpp"

#include "digest.hpp"

namespace fuzz {

namespace {

namespace call = guest::call;
namespace entry = guest::entry;
namespace flag = guest::flag;

/// No call makes a slot all zero but the removal of a valid entry.
void empty_slot(const PageTable& table, std::uint64_t slot, std::uint64_t d0) {
    if ((d0 & entry::valid) == 0) {
        const auto what = guest::make_entry({}, 0, arena::begin());
        if (table.call(call::enter, {flag::exact, slot, what.d0, what.d1}).status != guest::status::success)
            guest::bail_out("a slot that is free cannot be filled");
    }
    if (table.call(call::remove, {0, slot}).status != guest::status::success)
        guest::bail_out("an entry cannot be removed");
}

void empty_slots(const PageTable& table, std::uint64_t begin, std::uint64_t end, Digest& digest) {
    for (std::uint64_t slot = begin; slot < end; slot += 4) {
        const auto answer = table.call(call::read, {flag::read_4, slot});
        for (unsigned i = 0; i < 4; ++i) {
            const auto d0 = answer.outputs[2 * i], d1 = answer.outputs[2 * i + 1];
            if ((d0 | d1) == 0)
                continue;
            digest.add(slot + i);
            digest.add(d0);
            digest.add(d1);
            empty_slot(table, slot + i, d0);
        }
    }
}

} // namespace

std::uint64_t digest_groups(const Scene& scene, const PageTable& table) {
    Digest digest;
    for (const auto first : scene.groups()) {
        for (std::uint64_t slot = first; slot < first + slots_per_group; slot += 4) {
            const auto answer = table.call(call::read, {flag::read_4, slot});
            for (unsigned i = 0; i < 8; ++i)
                digest.add(answer.outputs[i]);
        }
    }
    return digest.value();
}

std::uint64_t empty_groups(const Scene& scene, const PageTable& table) {
    Digest digest;
    for (const auto first : scene.groups())
        empty_slots(table, first, first + slots_per_group, digest);
    return digest.value();
}

std::uint64_t empty_table(const Scene& scene, const PageTable& table) {
    Digest digest;
    empty_slots(table, 0, scene.slots(), digest);
    return digest.value();
}

} // namespace fuzz
