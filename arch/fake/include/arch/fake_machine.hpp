// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// The host tests' machine: memory, a clock that only moves when told, and the log as text. One at a time in a process;
/// constructing it makes it the machine that the arch/ functions act on.
class FakeMachine {
  public:
    explicit FakeMachine(transom::Bytes memory_size);
    ~FakeMachine();
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;

    transom::RealRange memory() const { return {fake_real_base, memory_.size()}; }
    void advance(std::uint64_t ticks) { ticks_ += ticks; }

    static FakeMachine& current();

    // What the machine holds, open to the tests that look into it.
    // NOLINTBEGIN(readability-identifier-naming)
    std::vector<std::byte> memory_;
    std::uint64_t ticks_ = 1000;
    std::vector<std::string> log_;
    std::vector<FakeFlush> flushes_;
    // NOLINTEND(readability-identifier-naming)
};

} // namespace arch
