// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {

using papr::Status;

constexpr std::uint64_t d0_of_page_1 = 0x4000000005000005; // 64 KiB, 1 TiB segment, VSID 5
constexpr std::uint64_t d1_of_page_1 = 0x11192;            // logical 0x10000, R, C, memory, pp 10

/// A partition of 16 MiB with the smallest table, over the fake machine's memory.
class HptCall : public testing::Test {
  protected:
    static constexpr unsigned log2_bytes = 18;
    static constexpr RealAddr table_address = arch::fake_real_base + mib(16);

    HptCall() : guest_words((std::size_t{1} << log2_bytes) / 16) {
        invariant(partition->memory.add_block(arch::fake_real_base), "block");
        partition->hpt.init(table_address, log2_bytes, guest_words, {.format = hpt::Format::isa_3_0});
        partition->lpid = 77;
        partition->vcpus[0].partition = partition.get();
    }

    /// A table that takes 16 MiB pages too.
    void offer_large_pages() {
        partition->hpt.init(table_address, log2_bytes, guest_words,
                            {.format = hpt::Format::isa_3_0, .large_pages = true});
    }

    struct Answer {
        Status status;
        std::vector<std::uint64_t> out;
    };
    /// gpr[4] and up in, `outputs` of them out.
    Answer call(Outcome (*handler)(partition::Vcpu&), std::vector<std::uint64_t> arguments, std::size_t outputs = 0) {
        partition::Vcpu& vcpu = partition->vcpus[0];
        auto* const r4 = vcpu.registers.gpr.data() + 4;
        std::copy(arguments.begin(), arguments.end(), r4);
        const Outcome outcome = handler(vcpu);
        EXPECT_EQ(outcome.then, Then::resume);
        return {outcome.status, {r4, r4 + outputs}};
    }
    std::uint64_t enter(std::uint64_t flags, std::uint64_t ptex, std::uint64_t d0 = d0_of_page_1,
                        std::uint64_t d1 = d1_of_page_1) {
        const Answer answer = call(h_enter, {flags, ptex, d0, d1}, 1);
        EXPECT_EQ(answer.status, Status::success);
        return answer.out[0];
    }

    arch::FakeMachine machine{mib(17)};
    std::vector<std::uint64_t> guest_words;
    std::unique_ptr<partition::Partition> partition = std::make_unique<partition::Partition>();
};

} // namespace transom::hcall
