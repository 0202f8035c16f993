// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <transom/migrate/checksum.hpp>

// Debian's header; XXH3, which wants vector registers, stays out. The analyzer takes paths through it that its callers
// exclude (no bytes, but a length), so it does not get to see it.
#ifndef __clang_analyzer__
#define XXH_INLINE_ALL
#define XXH_NO_XXH3
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <xxhash.h>
#pragma GCC diagnostic pop

namespace transom::migrate {

std::uint64_t xxh64(std::span<const std::byte> bytes, std::uint64_t seed) {
    return XXH64(bytes.data(), bytes.size(), seed);
}

static_assert(sizeof(XXH64_state_t) == 88 && alignof(XXH64_state_t) == 8);

Xxh64::Xxh64() { XXH64_reset(new (state_.data()) XXH64_state_t, 0); }

void Xxh64::add(std::span<const std::byte> bytes) {
    XXH64_update(std::launder(reinterpret_cast<XXH64_state_t*>(state_.data())), bytes.data(), bytes.size());
}

std::uint64_t Xxh64::digest() const {
    return XXH64_digest(std::launder(reinterpret_cast<const XXH64_state_t*>(state_.data())));
}

} // namespace transom::migrate
#endif
