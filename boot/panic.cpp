// SPDX-License-Identifier: Apache-2.0
#include "../arch/power/entry_state.hpp"
#include "platform.hpp"

#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>

namespace {

void print_registers(const arch::HostFrame& frame) {
    transom::log("nip {:#018x} msr {:#018x} lr {:#018x} ctr {:#018x}", frame.nip, frame.msr, frame.lr, frame.ctr);
    transom::log("cr {:#010x} xer {:#010x} dar {:#018x} dsisr {:#010x}", frame.cr, frame.xer, frame.dar, frame.dsisr);
    for (unsigned i = 0; i < 32; i += 4)
        transom::log("r{:<2} {:016x} {:016x} {:016x} {:016x}", i, frame.gpr[i], frame.gpr[i + 1], frame.gpr[i + 2],
                     frame.gpr[i + 3]);
}

/// The return addresses up the stack: ELFv2 keeps them 16 bytes above each back chain.
void print_stack(std::uint64_t stack) {
    for (int depth = 0; depth < 16 && stack >= 0x1000 && (stack & 7) == 0; ++depth) {
        const auto* frame = reinterpret_cast<const std::uint64_t*>(stack);
        if (frame[0] <= stack || frame[0] - stack > 0x10000)
            break;
        stack = frame[0];
        transom::log("  called from {:#x}", reinterpret_cast<const std::uint64_t*>(stack)[2]);
    }
}

} // namespace

namespace transom {

void panic(std::string_view what, std::source_location where) {
    if (!boot::begin_panic())
        boot::power_off();
    arch::HostFrame frame{};
    asm volatile("mr %0, 1" : "=r"(frame.gpr[1]));
    log("panic: {} at {}:{} in {}", what, where.file_name(), static_cast<unsigned>(where.line()),
        where.function_name());
    print_stack(frame.gpr[1]);
    boot::power_off();
}

} // namespace transom

/// An interrupt that hit the hypervisor itself: nothing is enabled that could, so it is our mistake.
extern "C" [[noreturn]] void host_interrupt(const arch::HostFrame* frame, std::uint64_t vector) {
    if (!boot::begin_panic())
        boot::power_off();
    transom::log("panic: interrupt {:#x} in the hypervisor", vector);
    print_registers(*frame);
    print_stack(frame->gpr[1]);
    boot::power_off();
}
