// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bearssl.h>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/secure/key.hpp>

namespace transom::secure {
namespace {

br_ec_private_key as_bearssl(const PrivateKey& key) {
    // BearSSL reads it only.
    auto* const bytes = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(key.data())); // NOLINT
    return {.curve = BR_EC_secp256r1, .x = bytes, .xlen = key.size()};
}

} // namespace

std::optional<PublicKey> public_key_of(const PrivateKey& key) {
    // BearSSL takes any number here, and refuses to sign with those that are too large.
    std::size_t length = 0;
    const unsigned char* const order = br_ec_p256_m31.order(BR_EC_secp256r1, &length);
    const bool is_zero = std::ranges::all_of(key, [](std::byte each) { return each == std::byte{0}; });
    if (is_zero || length != key.size() || std::memcmp(key.data(), order, length) >= 0)
        return std::nullopt;
    std::array<unsigned char, BR_EC_KBUF_PUB_MAX_SIZE> buffer{};
    const br_ec_private_key own = as_bearssl(key);
    br_ec_public_key point{};
    if (br_ec_compute_pub(&br_ec_p256_m31, &point, buffer.data(), &own) != public_key_size)
        return std::nullopt;
    PublicKey result;
    std::copy_n(reinterpret_cast<const std::byte*>(point.q), result.size(), result.begin());
    return result;
}

PrivateKey make_private_key(std::span<const std::byte, seed_size> seed) {
    br_hmac_drbg_context random;
    br_hmac_drbg_init(&random, &br_sha256_vtable, seed.data(), seed.size());
    PrivateKey result{};
    br_ec_private_key key{};
    const std::size_t length = br_ec_keygen(&random.vtable, &br_ec_p256_m31, &key, result.data(), BR_EC_secp256r1);
    invariant(length == result.size(), "a private key of another length");
    wipe(std::as_writable_bytes(std::span(&random, 1)));
    return result;
}

void wipe(std::span<std::byte> secret) {
    // Not by a loop that the compiler may leave out because nobody reads the memory again.
    volatile std::byte* const bytes = secret.data();
    for (std::size_t i = 0; i < secret.size(); ++i)
        bytes[i] = std::byte{0};
}

bool Identity::set_own(const PrivateKey& key) {
    const auto point = public_key_of(key);
    if (!point)
        return false;
    own_ = key;
    own_public_ = *point;
    has_own_ = true;
    return true;
}

} // namespace transom::secure
