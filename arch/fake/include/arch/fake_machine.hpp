// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <transom/base/address.hpp>
#include <transom/hpt/flush.hpp>
#include <vector>

namespace arch {

/// First real address of the fake machine's memory.
constexpr transom::RealAddr fake_real_base{0x40000000};

/// One invalidation of translations: of a page, or of everything of the partition.
struct FakeFlush {
    std::uint32_t lpid;
    transom::hpt::FlushObligation page;
};

/// The host tests' machine: memory, a clock that only moves as it is told, and the log as text. One at a time in a process;
/// constructing it makes it the machine that the arch/ functions act on. Threads play its processors: the arch/ functions may
/// be called by several at once, and order no more between them than a machine's do.
class FakeMachine {
  public:
    explicit FakeMachine(transom::Bytes memory_size);
    ~FakeMachine();
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;

    transom::RealRange memory() const { return {fake_real_base, memory_.size()}; }
    void advance(std::uint64_t ticks) { ticks_.fetch_add(ticks, std::memory_order_relaxed); }
    void flush(const FakeFlush& flush);

    static FakeMachine& current();

    // What the machine holds, open to the tests that look into it.
    // NOLINTBEGIN(readability-identifier-naming)
    std::vector<std::byte> memory_;
    std::atomic<std::uint64_t> ticks_ = 1000;
    std::uint64_t step_ = 0; // by which each look at the clock moves it
    std::mutex recording_;   // of the two that follow
    std::vector<std::string> log_;
    std::vector<FakeFlush> flushes_;
    std::function<void(const FakeFlush&)> on_flush_; // instead of being remembered: called by who flushes
    // NOLINTEND(readability-identifier-naming)
};

} // namespace arch
