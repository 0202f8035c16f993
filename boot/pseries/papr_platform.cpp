// SPDX-License-Identifier: Apache-2.0
#include "papr_platform.hpp"

#include "hypervisor.hpp"

#include <algorithm>
#include <cstring>
#include <libfdt.h>
#include <transom/base/big_endian.hpp>

namespace boot::pseries {

using namespace transom;

namespace {

constexpr std::size_t characters_per_call = 16;

} // namespace

void PaprPlatform::init(const void* fdt) {
    power_off_token_ = rtas_token(fdt, "power-off");
    const int node = fdt_node_offset_by_compatible(fdt, -1, "hvterm1");
    int size = 0;
    const auto* unit = static_cast<const std::byte*>(fdt_getprop(fdt, node, "reg", &size));
    if (unit != nullptr && size >= 4)
        terminal_ = load_be<std::uint32_t>(unit);
}

void PaprPlatform::console_write(std::string_view text) {
    // LoPAR H_PUT_TERM_CHAR: up to sixteen characters, the first in the most significant byte.
    while (!text.empty()) {
        std::array<std::byte, characters_per_call> bytes{};
        const std::size_t n = std::min(text.size(), bytes.size());
        std::memcpy(bytes.data(), text.data(), n);
        const auto result = call(HypervisorCall::put_term_char, terminal_, n, load_be<std::uint64_t>(bytes.data()),
                                 load_be<std::uint64_t>(bytes.data() + 8));
        if (result.status == busy)
            continue;
        if (result.status != success)
            return; // a console that refuses cannot be told about
        text.remove_prefix(n);
    }
}

std::size_t PaprPlatform::console_read(std::span<char> into) {
    if (typed_begin_ == typed_end_) {
        const auto result = call(HypervisorCall::get_term_char, terminal_);
        if (result.status != success || result.output[0] == 0)
            return 0;
        std::array<std::byte, characters_per_call> bytes{};
        store_be(bytes.data(), result.output[1]);
        store_be(bytes.data() + 8, result.output[2]);
        typed_begin_ = 0;
        typed_end_ = std::min<std::size_t>(result.output[0], typed_.size());
        std::memcpy(typed_.data(), bytes.data(), typed_end_);
    }
    const std::size_t n = std::min(into.size(), typed_end_ - typed_begin_);
    std::copy_n(typed_.begin() + typed_begin_, n, into.begin());
    typed_begin_ += n;
    return n;
}

void PaprPlatform::request_power_off() {
    // LoPAR 7.3.8.1 power-off: the two words name events that would switch the machine on again.
    if (power_off_token_ != 0)
        rtas(power_off_token_, std::array{0xffffffffu, 0xffffffffu});
}

} // namespace boot::pseries
