// SPDX-License-Identifier: Apache-2.0
#include <arch/cache.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

// What a debugger in real mode uses: loads and stores by logical address. LoPAR "Debugger Support hcall()s".

namespace transom::hcall {
namespace {

using memory::AccessError;
using papr::Status;
using partition::Vcpu;

constexpr Bytes cache_block = 128;

Outcome failed(AccessError error) {
    return error == AccessError::missing ? Outcome::missing() : Outcome(Status::parameter);
}

/// A naturally aligned access of 1, 2, 4 or 8 bytes.
bool is_access(std::uint64_t size, LogicalAddr address) {
    return (size == 1 || size == 2 || size == 4 || size == 8) && address.aligned(size);
}

template <class T> Outcome load(Vcpu& vcpu, LogicalAddr from) {
    const auto value = vcpu.partition->memory.load<Be<T>>(from);
    if (!value)
        return failed(value.error());
    vcpu.registers.gpr[4] = T{*value};
    return Status::success;
}

template <class T> Outcome store(Vcpu& vcpu, LogicalAddr to, std::uint64_t value) {
    const auto done = vcpu.partition->memory.store(to, Be<T>(static_cast<T>(value)));
    return done ? Outcome(Status::success) : failed(done.error());
}

/// The cache block around a logical address.
template <class Act> Outcome with_block(Vcpu& vcpu, Act act) {
    const LogicalAddr block = LogicalAddr{vcpu.registers.gpr[4]}.align_down(cache_block);
    const auto real = vcpu.partition->memory.translate(block, cache_block);
    if (!real)
        return Status::parameter;
    act(*real);
    return Status::success;
}

} // namespace

// Both: a partition has no cache-inhibited memory, so every address is a wrong one.
Outcome h_logical_ci_load(Vcpu&) { return Status::parameter; }
Outcome h_logical_ci_store(Vcpu&) { return Status::parameter; }

// The rest is not in LoPAR, which reserves the numbers; the names and the arguments are those that Linux and QEMU know.

// size, address -> r4 the value, low order justified. Big-endian, as memory is without a byte order of the caller's.
Outcome h_logical_cache_load(Vcpu& vcpu) {
    const std::uint64_t size = vcpu.registers.gpr[4];
    const LogicalAddr from{vcpu.registers.gpr[5]};
    if (!is_access(size, from))
        return Status::parameter;
    switch (size) {
    case 1:
        return load<std::uint8_t>(vcpu, from);
    case 2:
        return load<std::uint16_t>(vcpu, from);
    case 4:
        return load<std::uint32_t>(vcpu, from);
    default:
        return load<std::uint64_t>(vcpu, from);
    }
}

// size, address, value.
Outcome h_logical_cache_store(Vcpu& vcpu) {
    const std::uint64_t size = vcpu.registers.gpr[4], value = vcpu.registers.gpr[6];
    const LogicalAddr to{vcpu.registers.gpr[5]};
    if (!is_access(size, to))
        return Status::parameter;
    switch (size) {
    case 1:
        return store<std::uint8_t>(vcpu, to, value);
    case 2:
        return store<std::uint16_t>(vcpu, to, value);
    case 4:
        return store<std::uint32_t>(vcpu, to, value);
    default:
        return store<std::uint64_t>(vcpu, to, value);
    }
}

// address.
Outcome h_logical_icbi(Vcpu& vcpu) {
    return with_block(vcpu, [](RealAddr block) { arch::synchronize_instructions(block, cache_block); });
}

// address.
Outcome h_logical_dcbf(Vcpu& vcpu) {
    return with_block(vcpu, [](RealAddr block) { arch::flush_data(block, cache_block); });
}

} // namespace transom::hcall
