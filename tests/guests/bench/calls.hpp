// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/guest.hpp"
#include "loop.hpp"

#include <span>
#include <string_view>

namespace bench {

/// What is measured as one: a call, or several that undo each other.
struct Operation {
    std::string_view name;
    unsigned steps = 1;      // of the loop: 1, 2 or 5
    unsigned operations = 1; // in one turn of the loop
    std::array<Step, 5> calls{};
};

/// All of them; what they need, such as a page table entry that stays, is made here.
std::span<const Operation> make_operations(const guest::Machine& machine);

} // namespace bench
