// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "scene.hpp"
#include "tally.hpp"
#include <string>

namespace transom::hcall_fuzz {

/// The registers with which a call was made.
struct Call {
    std::uint32_t vcpu = 0;
    std::uint64_t msr = 0;
    std::array<std::uint64_t, 10> gpr{}; // r3 to r12
};
std::string describe(const Call& call);

/// Carries out what an input says: hypervisor calls, each checked, and in between what else happens to a partition.
class Steps {
  public:
    /// What the calls come to is added to `tally`.
    Steps(Scene& scene, Input input, Tally& tally)
        : scene_(scene), input_(input), arguments_(input_, scene), tally_(tally) {}

    /// Empty where every invariant held to the end of the input; else the one that did not, and the call before it.
    std::string run();

    /// The call that is being made, or was last.
    const Call& call() const { return call_; }
    /// Prints every call with its answer.
    void show_calls() { shown_ = true; }
    /// A bug to be noticed: what it does to the scene after each call.
    using Defect = void (*)(Scene& scene, const Call& call);
    void plant(Defect defect) { defect_ = defect; }

  private:
    std::string one_step();
    std::string table_call();
    std::string any_call();
    std::string rtas_call();
    std::string no_call();
    std::string machine_step();
    std::string outside_step();
    void write_memory();

    partition::Vcpu& caller();
    std::string fill_and_call(const hcall::Row& row);
    std::string make_call(partition::Vcpu& vcpu);
    std::string check(partition::Vcpu& vcpu);

    Scene& scene_;
    Input input_;
    Arguments arguments_;
    Tally& tally_;
    Call call_;
    unsigned clears_ = 0; // H_CLEAR_HPT that were made
    bool shown_ = false;
    Defect defect_ = nullptr;
};

} // namespace transom::hcall_fuzz
