// SPDX-License-Identifier: Apache-2.0
#include <arch/cache.hpp>
#include <array>
#include <transom/base/bits.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;

constexpr Bytes page_size = kib(4);
constexpr std::uint64_t icache_invalidate = ibm_bit(40);
constexpr std::uint64_t icache_synchronize = ibm_bit(41);
constexpr std::uint64_t zero = ibm_bit(48);
constexpr std::uint64_t copy = ibm_bit(49);

bool is_page(const memory::LogicalMemory& memory, LogicalAddr address) {
    return address.aligned(page_size) && memory.contains(address, page_size);
}

/// In small pieces, for the stack's sake. Made again after a missing page it gives the same result.
std::expected<void, memory::AccessError> copy_page(memory::LogicalMemory& memory, LogicalAddr to, LogicalAddr from) {
    std::array<std::byte, 512> piece;
    for (Bytes offset = 0; offset < page_size; offset += piece.size()) {
        if (const auto done = memory.read(from + offset, piece); !done)
            return done;
        if (const auto done = memory.write(to + offset, piece); !done)
            return done;
    }
    return {};
}

} // namespace

Outcome h_page_init(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    memory::LogicalMemory& memory = vcpu.partition->memory;
    const std::uint64_t flags = gpr[4];
    const LogicalAddr to{gpr[5]}, from{gpr[6]};
    if (flags & ~(icache_invalidate | icache_synchronize | zero | copy))
        return Status::parameter;
    if (!is_page(memory, to) || ((flags & copy) && !is_page(memory, from)))
        return Status::parameter;
    // In LoPAR's order, which shows where both are asked for and the source is the destination.
    if ((flags & zero) && !memory.clear(to, page_size))
        return Outcome::missing();
    if ((flags & copy) && !copy_page(memory, to, from))
        return Outcome::missing();
    if (flags & (icache_invalidate | icache_synchronize))
        if (const auto real = memory.translate(to, page_size))
            arch::synchronize_instructions(*real, page_size);
    return Status::success;
}

} // namespace transom::hcall
