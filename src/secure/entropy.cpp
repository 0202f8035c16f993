// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <string_view>
#include <transom/secure/entropy.hpp>

namespace transom::secure {
namespace {

/// The same seed serves what partitions draw from, by another function of it.
constexpr std::string_view purpose = "transom secure connections 1";

/// The hardware may need a moment. ISA 3.0B Book I 3.3.9: ten tries in a row that fail are a failure.
constexpr int tries = 10;

} // namespace

Entropy::Entropy(random::Hardware hardware) : hardware_(hardware) {
    br_hmac_drbg_init(&state_, &br_sha256_vtable, purpose.data(), purpose.size());
}

void Entropy::absorb(std::span<const std::byte> secret) {
    br_hmac_drbg_update(&state_, secret.data(), secret.size());
    absorbed_ = std::min(seed_size, absorbed_ + secret.size());
}

/// A machine that is reset may read the bundle, and so the seed, again; at the same time it does not. Anybody may know the time, so it
/// does not count.
void Entropy::absorb_time() {
    const std::uint64_t time = arch::timebase();
    br_hmac_drbg_update(&state_, &time, sizeof time);
}

/// As many numbers as make a whole seed, or nothing.
bool Entropy::absorb_hardware() {
    std::array<std::uint64_t, seed_size / sizeof(std::uint64_t)> numbers{};
    for (std::uint64_t& number : numbers) {
        std::optional<std::uint64_t> drawn;
        for (int i = 0; i < tries && !drawn; ++i)
            drawn = hardware_();
        if (!drawn)
            return false;
        number = *drawn;
    }
    br_hmac_drbg_update(&state_, numbers.data(), sizeof numbers);
    wipe(std::as_writable_bytes(std::span(numbers)));
    return true;
}

bool Entropy::draw(std::span<std::byte, seed_size> bytes) {
    const bool from_hardware = hardware_ != nullptr && absorb_hardware();
    if (!from_hardware && absorbed_ < seed_size)
        return false;
    absorb_time();
    br_hmac_drbg_generate(&state_, bytes.data(), bytes.size());
    return true;
}

} // namespace transom::secure
