// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <transom/partition/vcpu.hpp>

namespace arch {

/// What the fake machine does with a virtual processor during a slice; for the lifetime of this object.
class FakeWorld {
  public:
    using Run = std::function<void(transom::partition::Vcpu&, std::uint64_t slice)>;

    explicit FakeWorld(Run run);
    ~FakeWorld();
    FakeWorld(const FakeWorld&) = delete;
    FakeWorld& operator=(const FakeWorld&) = delete;

    // Where threads play the processors, set before there are any: instead of what idle() and kick() do otherwise.
    std::function<void(std::uint64_t ticks)> sleep;
    std::function<void(std::uint32_t index)> wake;

    std::function<void()> while_idle; // something happens meanwhile
    std::uint64_t slept = 0;          // ticks spent in idle()
    std::uint64_t device_interrupts = 0;
    std::atomic<std::uint64_t> kicked = 0; // a bit for each processor that was kicked
    bool presents_external = false;
    std::atomic<int> external_raised = 0; // times that it was raised and not lowered yet
};

} // namespace arch
