// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"
#include <transom/base/bits.hpp>
#include <transom/migrate/partition_state.hpp>

// What the state of a virtual processor may hold: what the partition could have brought about itself.

namespace transom::test {
namespace {

using namespace migrate;

TEST_F(Forged, AreasAreSuchAsThePartitionCouldRegister) {
    const auto areas = [&](const std::function<void(AreasRecord&)>& change) {
        return with<AreasRecord>(RecordType::areas, change);
    };
    constexpr RangeRecord none{};
    for (const auto area : {&AreasRecord::vpa, &AreasRecord::slb_shadow, &AreasRecord::dispatch_log}) {
        EXPECT_EQ(areas([&](auto& r) { (r.*area).begin = (r.*area).begin + 64; }), MoveError::record_content);
        EXPECT_EQ(areas([&](auto& r) { (r.*area).begin = mib(16) - 128; }), MoveError::record_content);
        EXPECT_EQ(areas([&](auto& r) { (r.*area).size = ~std::uint64_t{0}; }), MoveError::record_content);
        EXPECT_EQ(areas([&](auto& r) { (r.*area).size = 7; }), MoveError::record_content);
        EXPECT_EQ(areas([&](auto& r) { (r.*area).size = 0; }), MoveError::record_content); // a place without a size
        EXPECT_EQ(areas([&](auto& r) { r.*area = none; }),
                  area == &AreasRecord::vpa ? MoveError::record_content : MoveError::none);
    }
    EXPECT_EQ(areas([](auto& r) { r.dispatch_log.size = 47; }), MoveError::record_content); // not one entry
    EXPECT_EQ(areas([](auto& r) { r.dispatch_log.size = 48; }), MoveError::none);
    EXPECT_EQ(areas([](auto& r) { r.dispatch_log.size = 0x3000; }), MoveError::none);
    EXPECT_EQ(areas([](auto& r) { r.vpa.size = 639; }), MoveError::record_content);
    EXPECT_EQ(areas([](auto& r) { r.vpa.begin = 0x10e00; }), MoveError::record_content); // crosses a page
    EXPECT_EQ(areas([](auto& r) { r.slb_shadow.size = 0x1001; }), MoveError::record_content);
    EXPECT_EQ(areas([&](auto& r) { r.vpa = r.slb_shadow = r.dispatch_log = none; }), MoveError::none);
}

TEST_F(Forged, AStopForAPageNamesAPageOfThePartition) {
    const auto stop = [&](partition::PreemptReason reason, std::uint64_t page) {
        return with<AreasRecord>(RecordType::areas, [&](auto& r) {
            r.preempt_reason = static_cast<std::uint8_t>(reason);
            r.preempt_fault = page;
        });
    };
    using enum partition::PreemptReason;
    EXPECT_EQ(stop(migration_fault, 0), MoveError::none);
    EXPECT_EQ(stop(migration_fault, mib(16) - kib(64)), MoveError::none);
    EXPECT_EQ(there.partition->vcpus[0].areas.preempt_fault, (LogicalAddr{mib(16) - kib(64)}));
    EXPECT_EQ(stop(migration_fault, mib(16)), MoveError::record_content);
    EXPECT_EQ(stop(migration_fault, ~std::uint64_t{0} << 16), MoveError::record_content);
    EXPECT_EQ(stop(migration_fault, kib(64) + kib(2)), MoveError::record_content); // within a granule
    EXPECT_EQ(stop(end_of_slice, kib(64)), MoveError::record_content);
    EXPECT_EQ(stop(static_cast<partition::PreemptReason>(6), kib(64)), MoveError::record_content);
}

TEST_F(Forged, RegistersGoByNumberInAnyOrderEachOnce) {
    Taken& vcpu = records[index_of(RecordType::vcpu)];
    const auto sprs = [&](auto change) {
        const Taken before = vcpu;
        std::vector<SprRecord> list(partition::spr_count);
        const std::size_t bytes = list.size() * sizeof(SprRecord);
        std::memcpy(list.data(), vcpu.payload.data() + sizeof(VcpuRecord), bytes);
        change(list);
        std::memcpy(vcpu.payload.data() + sizeof(VcpuRecord), list.data(), bytes);
        const MoveError error = outcome(records);
        vcpu = before;
        return error;
    };
    EXPECT_EQ(sprs([](auto& list) { std::reverse(list.begin(), list.end()); }), MoveError::none);
    EXPECT_EQ(std::memcmp(&here.partition->vcpus[0].registers, &there.partition->vcpus[0].registers,
                          sizeof(partition::Registers)),
              0);
    EXPECT_EQ(sprs([](auto& list) { list[3].number = 1023; }), MoveError::register_set);
    EXPECT_EQ(sprs([](auto& list) { list[3].number = list[4].number; }), MoveError::register_set);
    EXPECT_EQ(sprs([](auto& list) { list[partition::spr_index("CIABR")].value = 3; }), MoveError::record_content);
    EXPECT_EQ(sprs([](auto& list) { list[partition::spr_index("DAWRX0")].value = 4; }), MoveError::record_content);
    EXPECT_EQ(sprs([](auto& list) { list[partition::spr_index("TIDR")].value = 1; }), MoveError::none);
    EXPECT_EQ(sprs([](auto& list) { list[partition::spr_index("DPDES")].value = 1; }), MoveError::record_content);
}

TEST_F(Forged, AProcessorIsSentNoRegisterThatItLacks) {
    partition::Vcpu& vcpu = here.partition->vcpus[0];
    std::vector<std::byte> payload(max_payload);
    MachineFacts ours = facts;
    const auto sent = [&](std::size_t index, std::uint64_t value, unsigned generation) {
        ours.generation = generation;
        vcpu.registers.spr = {};
        vcpu.registers.spr[index] = value;
        const std::size_t size = encode_vcpu(vcpu, payload);
        const auto decoded = decode_vcpu(std::span(payload).first(size), *there.partition, ours);
        return decoded ? MoveError::none : decoded.error().error;
    };
    for (const unsigned generation : {8u, 9u, 10u})
        for (std::size_t i = 0; i < partition::spr_count; ++i) {
            const partition::SprInfo& spr = partition::spr_list[i];
            EXPECT_EQ(sent(i, 1, generation), spr.is_on(generation) ? MoveError::none : MoveError::record_content)
                << spr.name << " on POWER" << generation;
            EXPECT_EQ(sent(i, 0, generation), MoveError::none);
        }
    EXPECT_EQ(sent(partition::spr_index("DPDES"), 2, 8), MoveError::record_content) << "another thread's doorbell";
    // One that others of its generation have, as QEMU 7.2's POWER10.
    ours.absent_registers.set(partition::spr_index("HASHKEYR"));
    EXPECT_EQ(sent(partition::spr_index("HASHKEYR"), 1, 10), MoveError::registers);
    EXPECT_EQ(sent(partition::spr_index("HASHKEYR"), 0, 10), MoveError::none);
    EXPECT_EQ(sent(partition::spr_index("DEXCR"), 1, 10), MoveError::none);
}

TEST_F(Forged, RegistersHoldWhatTheHypervisorMayLoad) {
    const auto vcpu = [&](const std::function<void(VcpuRecord&)>& change) {
        return with<VcpuRecord>(RecordType::vcpu, change);
    };
    // MSR: hypervisor and ultravisor state, transactions, and what is not defined.
    for (const unsigned bit : {1u, 3u, 29u, 30u, 32u, 41u, 45u, 47u, 60u})
        EXPECT_EQ(vcpu([&](auto& r) { r.msr = r.msr | ibm_bit(bit); }), MoveError::record_content) << bit;
    EXPECT_EQ(vcpu([&](auto& r) { r.msr = r.msr | ibm_bit(29) | ibm_bit(30) | ibm_bit(31); }),
              MoveError::record_content);
    EXPECT_EQ(vcpu([](auto& r) { r.msr = 0x800000010280ff37; }), MoveError::none); // everything else
    // SLB: entry 0 is valid, entry 1 is not.
    const auto slb = [&](std::size_t i, auto change) {
        return vcpu([&](auto& r) {
            std::uint64_t e = r.slb[i].e, v = r.slb[i].v;
            change(e, v);
            r.slb[i] = {e, v};
        });
    };
    for (unsigned bit = 37; bit <= 63; ++bit) // reserved, and the index
        EXPECT_EQ(slb(0, [&](auto& e, auto&) { e ^= ibm_bit(bit); }), MoveError::record_content) << bit;
    for (const unsigned bit : {0u, 57u, 60u, 61u, 62u, 63u})
        EXPECT_EQ(slb(0, [&](auto&, auto& v) { v |= ibm_bit(bit); }), MoveError::record_content) << bit;
    for (const std::uint64_t pages : {0x010, 0x020, 0x030, 0x120, 0x130})
        EXPECT_EQ(slb(0, [&](auto&, auto& v) { v = (v & ~std::uint64_t{0x130}) | pages; }), MoveError::record_content);
    EXPECT_EQ(slb(0, [](auto& e, auto&) { e &= ~ibm_bit(36); }), MoveError::record_content);
    EXPECT_EQ(slb(1, [](auto&, auto& v) { v = 1; }), MoveError::record_content);
    EXPECT_EQ(slb(0, [](auto& e, auto& v) { e = v = 0; }), MoveError::none);
}

TEST_F(Forged, NoAddressIsInTwoSegments) {
    constexpr std::uint64_t valid = 0x8000000, tib = ibm_bit(1);
    const auto both = [&](SlbRecord first, SlbRecord second) {
        return with<VcpuRecord>(RecordType::vcpu, [&](VcpuRecord& r) {
            r.slb = {};
            r.slb[2] = {first.e | valid | 2, first.v};
            r.slb[31] = {second.e | valid | 31, second.v};
        });
    };
    const std::uint64_t at = 0xc000'0000'3000'0000, next = 0xc000'0000'4000'0000;
    EXPECT_EQ(both({at, 0}, {next, 0}), MoveError::none);
    EXPECT_EQ(both({at, 0}, {at, 0x1000}), MoveError::record_content);
    EXPECT_EQ(both({at, 0}, {next, tib}), MoveError::record_content);
    EXPECT_EQ(both({at, tib}, {next, 0}), MoveError::record_content);
    EXPECT_EQ(both({at, tib}, {next, tib}), MoveError::record_content);
    EXPECT_EQ(both({at, tib}, {at + (std::uint64_t{1} << 40), tib}), MoveError::none);
}

} // namespace
} // namespace transom::test
