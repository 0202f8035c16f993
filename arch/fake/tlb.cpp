// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/tlb.hpp>
#include <atomic>

namespace arch {

void Tlb::order_updates() { std::atomic_thread_fence(std::memory_order_release); }
void Tlb::complete_updates() { std::atomic_thread_fence(std::memory_order_seq_cst); }

transom::hpt::Flushed Tlb::discharge(const transom::hpt::FlushObligation& obligation, std::uint32_t lpid) {
    if (obligation)
        FakeMachine::current().flush({lpid, obligation});
    return transom::hpt::Flushed(obligation);
}

transom::hpt::PartitionFlushed Tlb::flush_partition(std::uint32_t lpid) {
    FakeMachine::current().flush({lpid, {}});
    return {};
}

transom::hpt::Flushed Tlb::discharge(const transom::hpt::FlushObligation& obligation,
                                     const transom::hpt::FlushScope& scope) {
    if (scope.other_lpid != scope.lpid)
        static_cast<void>(discharge(obligation, scope.other_lpid));
    return discharge(obligation, scope.lpid);
}

transom::hpt::PartitionFlushed Tlb::flush_partition(const transom::hpt::FlushScope& scope) {
    if (scope.other_lpid != scope.lpid)
        static_cast<void>(flush_partition(scope.other_lpid));
    return flush_partition(scope.lpid);
}

} // namespace arch
