// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "instances.hpp"
#include <map>
#include <mutex>

namespace transom::stress {

class HptScene;

/// The MMU of a processor inside the partition. It loads entries of the table into its TLB without asking anybody, keeps them
/// until they are invalidated, and sets R and C by stores of a byte, made of what it holds, whatever is in the slot by then (ISA
/// 3.0B Book III 5.7.12). An invalidation waits until the access that is being made has been made.
class Walker {
  public:
    explicit Walker(HptScene& scene) : scene_(scene) {}

    /// A load or a store through the entry in a slot, if there is one.
    void access(papr::Ptex slot, bool store);

    void flush(const hpt::VirtualPage& page);
    void flush_all();

    std::uint64_t loads() const { return loads_; }
    std::uint64_t changes() const { return changes_; }

  private:
    struct Held {
        hpt::VirtualPage page;
        std::uint64_t d1;
        std::optional<Instance> instance; // none: the hypervisor's own
    };
    std::optional<Held> load(papr::Ptex slot);
    void set_usage(papr::Ptex slot, Held& held, std::uint64_t bit);

    HptScene& scene_;
    std::mutex busy_;
    std::map<std::uint64_t, Held> tlb_; // by slot
    std::uint64_t loads_ = 0, changes_ = 0;
};

} // namespace transom::stress
