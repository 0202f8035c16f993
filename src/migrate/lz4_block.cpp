// SPDX-License-Identifier: Apache-2.0
#define LZ4_STATIC_LINKING_ONLY // the call that does not clear its table each time
#include <lz4.h>
#include <transom/base/panic.hpp>
#include <transom/migrate/lz4_block.hpp>

namespace transom::migrate {

static_assert(sizeof(LZ4_stream_t) == Lz4Compressor::state_size && alignof(LZ4_stream_t) <= alignof(std::uint64_t));

Lz4Compressor::Lz4Compressor() { begin(); }

void Lz4Compressor::begin() {
    invariant(LZ4_initStream(state_.data(), state_.size()) != nullptr, "no room for LZ4's table");
}

std::size_t Lz4Compressor::compress(std::span<const std::byte> in, std::span<std::byte> out) {
    const int size = LZ4_compress_fast_extState_fastReset(state_.data(), reinterpret_cast<const char*>(in.data()),
                                                          reinterpret_cast<char*>(out.data()),
                                                          static_cast<int>(in.size()), static_cast<int>(out.size()), 1);
    if (size == 0) // then its table is no beginning for another block
        begin();
    return static_cast<std::size_t>(size);
}

bool lz4_decompress(std::span<const std::byte> in, std::span<std::byte> out) {
    const int size = LZ4_decompress_safe(reinterpret_cast<const char*>(in.data()), reinterpret_cast<char*>(out.data()),
                                         static_cast<int>(in.size()), static_cast<int>(out.size()));
    return size >= 0 && static_cast<std::size_t>(size) == out.size();
}

} // namespace transom::migrate
