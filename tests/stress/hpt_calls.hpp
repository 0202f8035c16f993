// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hpt_scene.hpp"
#include "support.hpp"
#include <initializer_list>
#include <papr/opcode.hpp>
#include <papr/status.hpp>

namespace transom::stress {

/// A virtual processor that makes random page table calls, and holds each answer against what has to be true.
class HptCalls {
  public:
    HptCalls(HptScene& scene, unsigned index, std::uint64_t seed);

    void step();
    /// H_CLEAR_HPT, until the table has been emptied.
    void clear_table();
    /// Calls that changed something.
    std::uint64_t changes() const { return changes_; }

  private:
    struct Known {
        papr::Ptex slot;
        Instance instance;
        std::uint64_t d0 = 0;
    };

    papr::Status call(papr::Op op, std::initializer_list<std::uint64_t> arguments);
    std::uint64_t output(unsigned n) const { return vcpu_.registers.gpr[4 + n]; }
    papr::Ptex random_slot() { return slot_used(random_.below(slots_used)); }
    std::uint64_t random_protection();
    std::optional<Known> random_known();

    void enter();
    void remove();
    void bulk_remove();
    void block_remove();
    void protect();
    void clear();
    void read();
    void fault_in_real_mode();

    HptScene& scene_;
    partition::Vcpu& vcpu_;
    Random random_;
    Caller caller_;
    std::uint32_t block_, next_in_block_ = 0;
    std::array<Known, 2 * Instance::in_block> known_{}; // the last two blocks
    std::uint64_t changes_ = 0;
};

} // namespace transom::stress
