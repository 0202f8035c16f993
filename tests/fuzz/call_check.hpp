// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"
#include "table_check.hpp"
#include <string>
#include <transom/hcall/outcome.hpp>
#include <transom/hcall/table.hpp>

namespace transom::hcall_fuzz {

/// What must hold around one hypervisor call, whatever it is asked. Made before the call.
class CallCheck {
  public:
    CallCheck(Scene& scene, partition::Vcpu& caller);

    /// After the call: what does not hold; empty where all does.
    std::string broken_by(hcall::Outcome outcome) const;

  private:
    std::string wrong_answer(hcall::Outcome outcome) const;
    std::string wrong_counters(hcall::Outcome outcome) const;
    std::string wrong_registers(hcall::Outcome outcome) const;
    std::string wrong_registers_of_others() const;
    std::string leak() const;

    Scene& scene_;
    partition::Vcpu& caller_;
    bool problem_state_;
    const hcall::Row* row_;    // null: no call
    std::uint8_t outputs_ = 0; // registers that the call may write from r4 on
    std::size_t flushes_before_;
    hcall::Counters counters_;
    std::array<partition::Registers, 3> registers_; // of all virtual processors
};

/// The row of a token, found without the code that is tested; null where there is none.
const hcall::Row* row_named(std::uint64_t token);

/// Whether LoPAR, or a call that Linux knows, has that answer.
bool is_status(std::int64_t answer);

} // namespace transom::hcall_fuzz
