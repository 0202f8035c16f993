// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"
#include <papr/opcode.hpp>

namespace transom::hcall_fuzz {

/// Makes the arguments of calls from the input: what a call expects in that place most times, anything at others.
class Arguments {
  public:
    Arguments(Input& input, const Scene& scene) : input_(input), scene_(scene) {}

    /// The argument in register r4 + `index`. In rising order: what comes later may fit what came before.
    std::uint64_t next(papr::Op op, std::size_t index);

    /// Any value, those preferred at which something ends or begins.
    std::uint64_t any();
    /// Logical addresses at and around the edges of the partition's memory and of the few pages that all is about.
    std::uint64_t address();
    std::uint64_t slot();

  private:
    std::uint64_t flags();
    std::uint64_t entry_d0();
    std::uint64_t entry_d1();
    std::uint64_t noted_d0();
    std::uint64_t bulk_specifier();
    std::uint64_t block_specifier();

    Input& input_;
    const Scene& scene_;
    papr::PageSizes sizes_; // of the d0 that was made last
};

} // namespace transom::hcall_fuzz
