// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/console.hpp>
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <cstdio>
#include <cstdlib>
#include <transom/base/panic.hpp>

namespace {
arch::FakeMachine* machine = nullptr;
}

namespace arch {

FakeMachine::FakeMachine(transom::Bytes memory_size) : memory_(memory_size) {
    transom::invariant(machine == nullptr, "two fake machines at once");
    machine = this;
}

FakeMachine::~FakeMachine() { machine = nullptr; }

void FakeMachine::flush(const FakeFlush& flush) {
    if (on_flush_)
        return on_flush_(flush);
    const std::lock_guard lock(recording_);
    flushes_.push_back(flush);
}

FakeMachine& FakeMachine::current() {
    transom::invariant(machine != nullptr, "the test needs an arch::FakeMachine");
    return *machine;
}

std::byte* real_pointer(transom::RealAddr address) {
    FakeMachine& m = FakeMachine::current();
    transom::invariant(m.memory().contains(address), "real address outside the fake machine's memory");
    return m.memory_.data() + (address - fake_real_base);
}

transom::RealAddr real_address(const void* object) {
    FakeMachine& m = FakeMachine::current();
    const auto* p = static_cast<const std::byte*>(object);
    transom::invariant(p >= m.memory_.data() && p < m.memory_.data() + m.memory_.size(),
                       "object outside the fake machine's memory");
    return fake_real_base + static_cast<transom::Bytes>(p - m.memory_.data());
}

std::uint64_t timebase() {
    if (machine == nullptr)
        return 0;
    return machine->step_ == 0 ? machine->ticks_.load(std::memory_order_relaxed)
                               : machine->ticks_.fetch_add(machine->step_, std::memory_order_relaxed);
}

void console_line(std::string_view line) {
    if (machine != nullptr) {
        const std::lock_guard lock(machine->recording_);
        machine->log_.emplace_back(line);
    } else {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    }
}

} // namespace arch

namespace transom {

void panic(std::string_view what, std::source_location where) {
    std::fprintf(stderr, "panic: %.*s at %s:%u\n", static_cast<int>(what.size()), what.data(), where.file_name(),
                 static_cast<unsigned>(where.line()));
    std::abort();
}

} // namespace transom
