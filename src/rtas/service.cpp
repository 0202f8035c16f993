// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <array>
#include <fmt/format.h>
#include <transom/base/big_endian.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using partition::Partition;
using partition::Vcpu;

/// System parameters. LoPAR "System Parameters Option".
constexpr std::uint32_t splpar_characteristics = 20;
constexpr std::uint32_t block_invalidate_characteristics = 50;
constexpr std::uint32_t lpar_name = 55;

/// Most values of system parameters are text with a zero byte at the end.
struct Parameter {
    std::array<char, 128> text{};
    std::size_t length = 0; // with the zero byte
};

/// The pages that H_BLOCK_REMOVE takes. LoPAR "TLB Block Invalidate Characteristics": the logarithm of the block's size in
/// pages, the number of page sizes, and a byte for each of them: its L bit and the encoding of its sizes.
Parameter block_invalidate(bool large_pages) {
    constexpr unsigned l = 0x80;
    Parameter value;
    value.text[0] = papr::block::log2_pages;
    value.length = 2;
    for (const papr::PageSizes& sizes : papr::page_sizes)
        if (papr::block_removable(sizes) && (large_pages || sizes.actual != papr::PageSize::mib_16))
            value.text.at(value.length++) = static_cast<char>(sizes.large ? l | sizes.encoding : 0);
    value.text[1] = static_cast<char>(value.length - 2);
    return value;
}

template <class... Args> Parameter print(fmt::format_string<Args...> format, Args&&... arguments) {
    Parameter value;
    const std::size_t room = value.text.size() - 1;
    const auto written =
        fmt::vformat_to_n(value.text.data(), room, fmt::string_view(format), fmt::make_format_args(arguments...));
    value.length = (written.size < room ? written.size : room) + 1;
    return value;
}

std::optional<Parameter> parameter(const Partition& partition, std::uint32_t token) {
    const std::uint32_t processors = partition.vcpu_count;
    switch (token) {
    case splpar_characteristics:
        return print("MaxEntCap={},DesMem={},DesProcs={},MaxPlatProcs={}", partition.pool->processors * 100,
                     partition.memory.size() >> 20, processors, partition.pool->processors);
    case block_invalidate_characteristics:
        return block_invalidate(partition.hpt.options().large_pages);
    case lpar_name:
        return print("{}", partition.name());
    default:
        return std::nullopt;
    }
}

} // namespace

Reply display_character(Vcpu& vcpu, Inputs) {
    if (vcpu.partition->terminals[0].output.space() == 0) {
        Reply reply = status(busy);
        reply.then = hcall::Then::yield; // let the console drain what is there
        return reply;
    }
    return then_do([](Vcpu& caller, Inputs in) {
        const std::array character{static_cast<std::uint8_t>(in[0])};
        (void)caller.partition->terminals[0].write(character); // there is space
    });
}

Reply event_scan(Vcpu&, Inputs) { return status(no_events); }

// The buffer gets the length, two bytes, and then the value, as far as there is room for both.
Reply get_system_parameter(Vcpu& vcpu, Inputs in) {
    if (const auto reply = get_affinity_parameter(vcpu, in))
        return *reply;
    memory::LogicalMemory& memory = vcpu.partition->memory;
    const auto value = parameter(*vcpu.partition, in[0]);
    if (!value)
        return status(parameter_error); // LoPAR: not supported
    const LogicalAddr buffer{in[1]};
    const std::uint32_t room = in[2];
    if (!memory.contains(buffer, room))
        return status(parameter_error);
    std::array<std::byte, sizeof value->text + 2> bytes{};
    store_be(bytes.data(), static_cast<std::uint16_t>(value->length));
    std::memcpy(bytes.data() + 2, value->text.data(), value->length);
    const std::size_t length = value->length + 2 < room ? value->length + 2 : room;
    if (!memory.write(buffer, std::span(bytes).first(length)))
        return missing();
    return {};
}

} // namespace transom::rtas
