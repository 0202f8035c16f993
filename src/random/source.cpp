// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/random/source.hpp>

namespace transom::random {
namespace {

/// The hardware may need a moment. ISA 3.0B Book I 3.3.9: ten tries in a row that fail are a failure.
constexpr int tries = 10;

// Uses of one key are told apart by the nonce.
constexpr ChaChaNonce for_absorbing{1, 0, 0};
constexpr ChaChaNonce for_drawing{2, 0, 0};

ChaChaKey first_half(const ChaChaBlock& block) {
    ChaChaKey key;
    std::copy_n(block.begin(), key.size(), key.begin());
    return key;
}

} // namespace

void Source::absorb(std::span<const std::byte> secret, std::uint32_t bits) {
    while (!secret.empty()) {
        const auto piece = secret.first(std::min(secret.size(), sizeof key_));
        for (std::size_t i = 0; i < piece.size(); ++i)
            key_[i / 4] ^= std::to_integer<std::uint32_t>(piece[i]) << 8 * (i % 4);
        key_ = first_half(chacha20(key_, static_cast<std::uint32_t>(piece.size()), for_absorbing));
        secret = secret.subspan(piece.size());
    }
    seed_bits_ = std::min(enough_bits, seed_bits_ + std::min(bits, enough_bits));
}

std::uint64_t Source::generate() {
    const ChaChaBlock block = chacha20(key_, 0, for_drawing);
    key_ = first_half(block);
    return std::uint64_t{block[8]} << 32 | block[9];
}

std::optional<std::uint64_t> Source::draw() {
    if (hardware_ != nullptr)
        for (int i = 0; i < tries; ++i)
            if (const auto number = hardware_())
                return number;
    const Locked lock(lock_);
    if (seed_bits_ < enough_bits)
        return std::nullopt;
    return generate();
}

} // namespace transom::random
