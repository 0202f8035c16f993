// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <transom/base/panic.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;

/// Fields of two bytes in r4 to r9, the first in the high-order bytes. A domain number below 2^15 takes one, with its top
/// bit set; a larger one takes two. Fields that are not needed are all ones.
class Fields {
  public:
    Fields() { words_.fill(~std::uint64_t{0}); }

    /// False: no room. Then nothing was added.
    bool add(std::uint32_t domain) {
        if (domain < 0x8000)
            return room() >= 1 && (put(static_cast<std::uint16_t>(domain | 0x8000)), true);
        if (domain >= 0x8000'0000 || room() < 2)
            return false;
        put(static_cast<std::uint16_t>(domain >> 16));
        put(static_cast<std::uint16_t>(domain));
        return true;
    }
    const std::array<std::uint64_t, 6>& words() const { return words_; }

  private:
    std::size_t room() const { return 4 * words_.size() - used_; }
    void put(std::uint16_t field) {
        const unsigned shift = 48 - 16 * (used_ % 4);
        std::uint64_t& word = words_[used_ / 4];
        word = (word & ~(std::uint64_t{0xffff} << shift)) | std::uint64_t{field} << shift;
        ++used_;
    }

    std::array<std::uint64_t, 6> words_;
    unsigned used_ = 0;
};

} // namespace

// LoPAR H_HOME_NODE_ASSOCIATIVITY: flags (1 virtual processor, 2 processor index of the dispatch trace log), id -> r4 to r9.
Outcome h_home_node_associativity(partition::Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const partition::Partition& partition = *vcpu.partition;
    constexpr std::uint64_t by_virtual_processor = 1, by_physical_processor = 2;
    invariant(partition.nodes != nullptr, "a partition is allowed H_HOME_NODE_ASSOCIATIVITY where nothing is known");
    const partition::HomeNodes& nodes = *partition.nodes;
    if (gpr[4] != by_virtual_processor && gpr[4] != by_physical_processor)
        return Status::parameter;
    if (gpr[5] >= (gpr[4] == by_virtual_processor ? partition.vcpu_count : nodes.of_processor.size()))
        return Status::p2;
    const std::uint8_t home =
        gpr[4] == by_virtual_processor ? partition.vcpus[gpr[5]].home.load() : nodes.of_processor[gpr[5]];
    Fields fields;
    for (const std::uint32_t domain : nodes.domains[home])
        if (!fields.add(domain))
            break; // the rest, finer levels, is left out
    for (std::size_t i = 0; i < fields.words().size(); ++i)
        gpr[4 + i] = fields.words()[i];
    return Status::success;
}

} // namespace transom::hcall
