// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <transom/random/chacha20.hpp>

namespace transom::random {
namespace {

void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
    a += b, d = std::rotl(d ^ a, 16);
    c += d, b = std::rotl(b ^ c, 12);
    a += b, d = std::rotl(d ^ a, 8);
    c += d, b = std::rotl(b ^ c, 7);
}

} // namespace

ChaChaBlock chacha20(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce) {
    ChaChaBlock start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; // "expand 32-byte k"
    for (std::size_t i = 0; i < key.size(); ++i)
        start[4 + i] = key[i];
    start[12] = counter;
    for (std::size_t i = 0; i < nonce.size(); ++i)
        start[13 + i] = nonce[i];
    ChaChaBlock x = start;
    for (int double_round = 0; double_round < 10; ++double_round) {
        for (unsigned i = 0; i < 4; ++i)
            quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
        for (unsigned i = 0; i < 4; ++i)
            quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] += start[i];
    return x;
}

} // namespace transom::random
