// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bedroom.hpp"
#include "support.hpp"
#include <array>
#include <initializer_list>
#include <memory>
#include <papr/opcode.hpp>
#include <string_view>
#include <transom/hcall/outcome.hpp>
#include <transom/partition/partition.hpp>

namespace transom::stress {

struct Home;

/// What a virtual processor executes: random calls by which virtual processors wait, wake, interrupt, start and stop one
/// another. Its own state is plain: whoever runs the virtual processor next has to see it.
class Guest {
  public:
    /// An operating system begins here, by power-on or by start-cpu.
    static constexpr std::uint64_t entry = 0x1000;

    void begin(std::uint64_t seed, std::uint64_t stream) {
        random_ = Random(seed, stream);
        turns_ = turns_since_start_ = calls_ = 0;
        vpa_registered_ = false;
        messages = 0;
    }
    /// Until the slice is over, a kick comes, or a call yields.
    void run(partition::Vcpu& vcpu, std::uint64_t slice, Home& home, Bedroom& bedroom);

    std::uint64_t turns() const { return turns_; }
    std::uint64_t calls() const { return calls_; }

    std::atomic<bool> inside = false;        // on some processor
    std::atomic<std::uint64_t> messages = 0; // sent to it with an inter-processor interrupt, and not read

  private:
    hcall::Then call(partition::Vcpu& vcpu, papr::Op op, std::initializer_list<std::uint64_t> arguments = {});
    hcall::Then rtas(partition::Vcpu& vcpu, std::string_view name, std::initializer_list<std::uint32_t> inputs);
    void take_interrupt(partition::Vcpu& vcpu);
    void arrive(partition::Vcpu& vcpu);
    hcall::Then act(partition::Vcpu& vcpu, Home& home);
    hcall::Then act_seldom(partition::Vcpu& vcpu, Home& home);
    hcall::Then confer(partition::Vcpu& vcpu);
    std::uint64_t any_processor(const partition::Vcpu& vcpu) { return random_.below(vcpu.partition->vcpu_count); }

    Random random_{0, 0};
    std::uint64_t turns_ = 0;
    std::uint64_t turns_since_start_ = 0;
    std::uint64_t calls_ = 0;
    bool vpa_registered_ = false;
};

/// A place for a partition.
struct Home {
    std::unique_ptr<partition::Partition> partition;
    std::array<Guest, partition::max_vcpus> guests;
    std::atomic<bool> held = false;       // nobody may be inside
    std::atomic<bool> going_down = false; // one of its virtual processors has ended it, or will: others may do so too
};

} // namespace transom::stress
