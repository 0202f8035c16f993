// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/real_memory.hpp>
#include <arch/table_memory.hpp>
#include <hpt_call_fixture.hpp>
#include <papr/opcode.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/msr.hpp>

namespace transom::hcall {

using dual::Phase;
using papr::Op;

/// Everything is here, and nobody counts.
struct NoTracking final : dual::PageTracking {
    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr, Bytes) override {}
    void lower(LogicalAddr, Bytes) override {}
};

/// The same partition with a second table behind the first one, its calls made as a partition makes them.
class DualCall : public HptCall {
  protected:
    static constexpr RealAddr second_address = table_address + (Bytes{1} << log2_bytes);
    static constexpr std::uint32_t second_lpid = 78;

    DualCall() : live_words(dual::GroupMarks::words_for((std::size_t{1} << log2_bytes) >> papr::log2_group_size)) {
        partition->allowed_calls.allow(papr::FunctionSets::all());
        partition->vcpus[0].registers.msr = partition::msr::sf | partition::msr::me;
        partition->dual = &engine;
        engine.enter(0, 0);
    }

    void start() {
        ASSERT_TRUE(engine.start(partition->hpt, {hpt::RealSlots(second_address, {}),
                                                  live_words,
                                                  {77, second_lpid},
                                                  &tracking,
                                                  &partition->allowed_calls,
                                                  dual::StorePolicy::when_stored}));
        pass();
        ASSERT_EQ(engine.advance(), Phase::dual);
        pass();
    }
    void pass() {
        engine.leave(0);
        engine.enter(0, 0);
    }
    Status make(Op op, std::vector<std::uint64_t> arguments) {
        auto& gpr = partition->vcpus[0].registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::copy(arguments.begin(), arguments.end(), gpr.begin() + 4);
        return dispatch(partition->vcpus[0]).status;
    }
    std::uint64_t output(unsigned n) const { return partition->vcpus[0].registers.gpr[4 + n]; }
    void touch(bool store) {
        const dual::Access access{{papr::SegmentSize::tib_1, 5, 0},
                                  papr::PageSize::kib_64,
                                  store ? dual::AccessKind::store : dual::AccessKind::load};
        ASSERT_EQ(engine.fault(0, access).answer, dual::FaultAnswer::again);
    }
    std::array<std::uint64_t, 2>& twin(std::uint64_t slot) {
        return reinterpret_cast<std::array<std::uint64_t, 2>*>(arch::real_pointer(second_address))[slot];
    }
    bool has_twin(std::uint64_t slot) { return (arch::load_table_word(twin(slot)[0]) & papr::d0::valid) != 0; }

    /// d0_of_page_1 in the group where a processor looks for it.
    static constexpr std::uint64_t slot = 5 * 8;
    static constexpr std::uint64_t d1 = d1_of_page_1 & ~papr::d1::usage;
    std::vector<std::uint64_t> live_words;
    NoTracking tracking;
    dual::PartitionEngine engine;
};

} // namespace transom::hcall
