// SPDX-License-Identifier: Apache-2.0
#include <hpt_call_fixture.hpp>
#include <mutex>
#include <thread>

namespace transom::hcall {
namespace {

using testing::ElementsAre;
namespace flag = papr::hpt_flag;

TEST_F(HptCall, TheTableIsBigEndianInRealMemory) {
    EXPECT_EQ(enter(0, 0x13), 0x10u);
    const auto* const entry = reinterpret_cast<const std::uint8_t*>(arch::real_pointer(table_address + 0x100));
    // ISA 3.0: B is in bits 4-5 of d1; the page is at real 0x40010000.
    EXPECT_THAT(std::vector(entry, entry + 8), ElementsAre(0, 0, 0, 0, 5, 0, 0, 5));
    EXPECT_THAT(std::vector(entry + 8, entry + 16), ElementsAre(4, 0, 0, 0, 0x40, 1, 0x11, 0x92));
}

// C8: who waits for the TLBs because of one entry keeps nobody from the others.
TEST_F(HptCall, C8_BulkRemoveHoldsOneLockAtATime) {
    std::vector<std::uint64_t> request;
    for (std::uint64_t slot = 0; slot < 4; ++slot) {
        enter(flag::exact, 9 * slot, d0_of_page_1, d1_of_page_1 + (slot << 16));
        request.insert(request.end(), {papr::bulk::request | 9 * slot, 0});
    }
    unsigned flushes = 0;
    machine.on_flush_ = [&](const arch::FakeFlush&) {
        ++flushes;
        unsigned locked = 0;
        for (std::uint64_t slot = 0; slot < 4; ++slot) {
            const auto* const entry =
                reinterpret_cast<const std::uint8_t*>(arch::real_pointer(table_address + 9 * slot * 16));
            locked += (entry[7] & 0x40) != 0 ? 1 : 0;
        }
        EXPECT_EQ(locked, 1u);
    };
    EXPECT_EQ(call(h_bulk_remove, request).status, Status::success);
    EXPECT_EQ(flushes, 4u);
}

TEST_F(HptCall, EnterAnswersEachErrorWithItsStatus) {
    EXPECT_EQ(call(h_enter, {0, 0x4000, d0_of_page_1, d1_of_page_1}).status, Status::parameter);  // beyond the table
    EXPECT_EQ(call(h_enter, {0, 0, d0_of_page_1, 0x1001192}).status, Status::parameter);          // beyond the memory
    EXPECT_EQ(call(h_enter, {0, 0, d0_of_page_1, 0x111aa}).status, Status::parameter);            // cache-inhibited
    EXPECT_EQ(call(h_enter, {0, 0, d0_of_page_1, 0x13192}).status, Status::parameter);            // no such page size
    EXPECT_EQ(call(h_enter, {flag::zero_page, 0, d0_of_page_1, 0x10}).status, Status::parameter); // 16 MiB: not offered
    enter(flag::exact, 9);
    EXPECT_EQ(call(h_enter, {flag::exact, 9, d0_of_page_1, d1_of_page_1}).status, Status::pteg_full);
}

TEST_F(HptCall, WorkOnAPageOver64KibIsTooBigWhereNothingElseIsWrong) {
    offer_large_pages();
    for (const std::uint64_t work : {flag::zero_page, flag::icache_invalidate, flag::icache_synchronize}) {
        EXPECT_EQ(call(h_enter, {work, 0, 5, 0x10}).status, Status::too_big);
        EXPECT_EQ(call(h_enter, {work, 0x4000, 5, 0x10}).status, Status::parameter); // beyond the table
        EXPECT_EQ(call(h_enter, {work, 0, 5, 0x1000010}).status, Status::parameter); // beyond the memory
        EXPECT_EQ(call(h_enter, {work, 0, 5, 0x28}).status, Status::parameter);      // cache-inhibited
        EXPECT_EQ(call(h_enter, {work, 0, 5, 0x8010}).status, Status::too_big);      // 16 MiB in a 64 KiB segment
        EXPECT_EQ(call(h_enter, {work, 0, 5, 0x38010}).status, Status::too_big);     // and in one of 4 KiB
        EXPECT_EQ(call(h_enter, {work, 0, d0_of_page_1, d1_of_page_1}).status, Status::success);
    }
    EXPECT_EQ(call(h_enter, {flag::copy_page, 8, 5, 0x10}).status, Status::success); // H_PAGE_INIT's alone
}

TEST_F(HptCall, FlagsWithoutAMeaningAreIgnored) {
    // Page states (bits 28 to 31), NUMA cookie, subfunction, coalescing, usage instrumentation, compression, reserved.
    constexpr std::uint64_t others = 0xffff'ff1f'103f'00f8;
    EXPECT_EQ(call(h_enter, {flag::exact | others, 9, d0_of_page_1, d1_of_page_1}, 1).out[0], 9u);
    EXPECT_THAT(call(h_read, {others, 9}, 2).out, ElementsAre(d0_of_page_1, d1_of_page_1));
    EXPECT_EQ(call(h_protect, {others | 2, 9, 0}).status, Status::success);
    EXPECT_THAT(call(h_clear_mod, {others, 9}, 1).out, ElementsAre(d1_of_page_1));
    EXPECT_THAT(call(h_clear_ref, {others, 9}, 1).out, ElementsAre(d1_of_page_1 & ~papr::d1::changed));
    EXPECT_THAT(call(h_remove, {others, 9, 0}, 2).out, ElementsAre(d0_of_page_1, d1_of_page_1 & ~papr::d1::usage));
}

TEST_F(HptCall, ZeroPageClearsThePageAndOnlyWhenThereIsASlot) {
    std::byte* const page = arch::real_pointer(arch::fake_real_base + kib(64));
    const auto fill = [&] { std::fill(page - 1, page + kib(64) + 1, std::byte{0xee}); };
    fill();
    enter(flag::exact, 9);
    EXPECT_EQ(call(h_enter, {flag::exact | flag::zero_page, 9, d0_of_page_1, d1_of_page_1}).status, Status::pteg_full);
    EXPECT_EQ(page[0], std::byte{0xee});
    enter(flag::zero_page, 16);
    EXPECT_TRUE(std::all_of(page, page + kib(64), [](std::byte b) { return b == std::byte{0}; }));
    EXPECT_EQ(page[-1], std::byte{0xee});
    EXPECT_EQ(page[kib(64)], std::byte{0xee});
}

// P5: before the entry is valid, so before anybody can look at what was zeroed.
TEST_F(HptCall, P5_EnterTellsWhoWatchesOfThePageThatItZeroes) {
    struct Watch final : memory::WriteWatch {
        void written(LogicalAddr from, Bytes size) override { seen.emplace_back(from.value, size); }
        std::vector<std::pair<std::uint64_t, Bytes>> seen;
    };
    Watch watch;
    partition->memory.watch_writes(&watch);
    enter(0, 0);
    EXPECT_TRUE(watch.seen.empty());
    enter(flag::zero_page, 16);
    EXPECT_THAT(watch.seen, ElementsAre(std::pair{kib(64), kib(64)}));
}

TEST_F(HptCall, AMissingPageLeavesNoTrace) {
    std::array<std::uint64_t, 4> present{};
    partition->memory.limit_to_present(present, kib(64));
    partition::Vcpu& vcpu = partition->vcpus[0];
    vcpu.registers.gpr[4] = flag::zero_page;
    vcpu.registers.gpr[5] = 16;
    vcpu.registers.gpr[6] = d0_of_page_1;
    vcpu.registers.gpr[7] = d1_of_page_1;
    const auto before = vcpu.registers.gpr;
    EXPECT_EQ(h_enter(vcpu).then, Then::missing);
    EXPECT_EQ(vcpu.registers.gpr, before);
    EXPECT_THAT(call(h_read, {0, 16}, 2).out, ElementsAre(0, 0));
    present[0] = ~std::uint64_t{0};
    partition->memory.lift_limit();
    EXPECT_EQ(h_enter(vcpu).status, Status::success);
}

TEST_F(HptCall, RemoveGivesTheEntryAndFlushesThePartition) {
    enter(0, 16);
    const Answer removed = call(h_remove, {flag::avpn, 16, d0_of_page_1 & papr::d0::compared}, 2);
    EXPECT_EQ(removed.status, Status::success);
    EXPECT_THAT(removed.out, ElementsAre(d0_of_page_1, d1_of_page_1));
    ASSERT_EQ(machine.flushes_.size(), 1u);
    EXPECT_EQ(machine.flushes_[0].lpid, 77u);
    const Answer again = call(h_remove, {0, 16, 0}, 2);
    EXPECT_EQ(again.status, Status::not_found);
    EXPECT_THAT(again.out, ElementsAre(0, 16)); // the outputs are left alone
    EXPECT_EQ(call(h_remove, {0, 0x4000, 0}).status, Status::parameter);
}

TEST_F(HptCall, ReadGivesOneOrFour) {
    enter(flag::exact, 18);
    EXPECT_THAT(call(h_read, {0, 18}, 2).out, ElementsAre(d0_of_page_1, d1_of_page_1));
    EXPECT_THAT(call(h_read, {flag::read_4, 19}, 8).out, ElementsAre(0, 0, 0, 0, d0_of_page_1, d1_of_page_1, 0, 0));
    EXPECT_EQ(call(h_read, {0, 0x4000}).status, Status::parameter);
    EXPECT_EQ(call(h_read, {flag::read_4, 0x3fff}).status, Status::success);
}

TEST_F(HptCall, ProtectAndClear) {
    enter(0, 16);
    EXPECT_EQ(call(h_protect, {flag::pp0 | 3, 16, 0}).status, Status::success);
    EXPECT_THAT(call(h_read, {0, 16}, 2).out, ElementsAre(d0_of_page_1, 0x8000000000011193));
    EXPECT_EQ(call(h_protect, {flag::avpn | 2, 16, 0x80}).status, Status::not_found);
    EXPECT_EQ(call(h_protect, {flag::andcond | flag::pp0 | 3, 16, ~0ull}).status, Status::success); // not its flag
    EXPECT_THAT(call(h_clear_mod, {0, 16}, 1).out, ElementsAre(0x8000000000011193));
    EXPECT_THAT(call(h_clear_ref, {0, 16}, 1).out, ElementsAre(0x8000000000011113));
    EXPECT_THAT(call(h_read, {0, 16}, 2).out, ElementsAre(d0_of_page_1, 0x8000000000011013));
    EXPECT_EQ(call(h_clear_mod, {0, 17}).status, Status::not_found);
    EXPECT_EQ(call(h_clear_ref, {0, 0x4000}).status, Status::parameter);
}

TEST_F(HptCall, BulkRemoveAnswersInPlaceUpToTheEnd) {
    enter(flag::exact, 16);
    enter(flag::exact, 17, d0_of_page_1 | 0x10);
    enter(flag::exact, 18);
    const Answer answer = call(h_bulk_remove,
                               {0x4200000000000010, d0_of_page_1 & papr::d0::compared, // by AVPN
                                0x4100000000000011, 0x10,                              // by ANDCOND: bolted, stays
                                0xc000000000000000, 1,                                 // the end
                                0x4000000000000012, 2},
                               8);
    EXPECT_EQ(answer.status, Status::success);
    EXPECT_THAT(answer.out, ElementsAre(0x8e00000000000010, d0_of_page_1 & papr::d0::compared, 0x9100000000000011, 0x10,
                                        0xc000000000000000, 1, 0x4000000000000012, 2));
    EXPECT_THAT(call(h_read, {flag::read_4, 16}, 8).out,
                ElementsAre(0, 0, d0_of_page_1 | 0x10, d1_of_page_1, d0_of_page_1, d1_of_page_1, 0, 0));
}

TEST_F(HptCall, BulkRemoveIgnoresTheStateOfPages) {
    // Bits 2 and 3 of a request are the CMO option's.
    for (const std::uint64_t state : {1, 2, 3}) {
        enter(flag::exact, 16);
        const Answer answer = call(h_bulk_remove, {0x4000000000000010 | state << 60, 0, ~0ull, 0}, 1);
        EXPECT_EQ(answer.status, Status::success);
        EXPECT_THAT(answer.out, ElementsAre(0x8c00000000000010));
    }
}

TEST_F(HptCall, BulkRemoveStopsAtWhatIsMalformed) {
    enter(flag::exact, 16);
    enter(flag::exact, 17);
    const std::uint64_t good = 0x4000000000000010;
    const std::uint64_t after = 0x4000000000000011;
    const auto answer_to = [&](std::uint64_t bad) { return call(h_bulk_remove, {bad, 0, after, 0}, 3); };
    const Answer first = call(h_bulk_remove, {good, 0, 0x0000000000000011, 0, after, 0}, 5);
    EXPECT_EQ(first.status, Status::parameter); // no request; the one before is done, the one after is not
    EXPECT_THAT(first.out, ElementsAre(0x8c00000000000010, 0, 0x0000000000000011, 0, after));
    EXPECT_EQ(answer_to(0x8000000000000010).status, Status::parameter);                        // a response
    EXPECT_THAT(answer_to(0x4300000000000010).out, ElementsAre(0xa300000000000010, 0, after)); // both conditions
    EXPECT_THAT(answer_to(0x4000000000004000).out, ElementsAre(0xa000000000004000, 0, after)); // beyond the table
    EXPECT_EQ(answer_to(0x4000000000004000).status, Status::parameter);
    EXPECT_EQ(call(h_read, {0, 17}, 2).out[0], d0_of_page_1);
}

TEST_F(HptCall, TwoProcessorsShareATable) {
    // Both fight for the one slot; what one has entered, exactly one removes.
    std::mutex flush; // the fake machine's record of flushes is not made for two
    std::array<int, 2> entered{};
    std::array<int, 2> removed{};
    const auto run = [&](std::size_t self) {
        for (int i = 0; i < 20000; ++i) {
            hpt::Gprs gprs{};
            gprs[4] = flag::exact;
            gprs[5] = 40;
            gprs[6] = d0_of_page_1;
            gprs[7] = d1_of_page_1;
            const auto discharge = [&](const hpt::FlushObligation& obligation) {
                const std::scoped_lock lock(flush);
                return arch::Tlb::discharge(obligation, 1);
            };
            if (auto pending = partition->hpt.begin_enter(*hpt::EnterArgs::parse(gprs), partition->memory)) {
                const hpt::Flushed flushed = discharge(pending->obligation());
                partition->hpt.finish_enter(std::move(*pending), flushed);
                ++entered[self];
            }
            if (auto pending = partition->hpt.begin_remove({{40}, {}})) {
                const hpt::Flushed flushed = discharge(pending->obligation());
                const auto entry = partition->hpt.finish_remove(std::move(*pending), flushed);
                if (entry == papr::PageTableEntry{d0_of_page_1, d1_of_page_1})
                    ++removed[self];
            }
        }
    };
    std::thread other(run, 1);
    run(0);
    other.join();
    EXPECT_EQ(entered[0] + entered[1], removed[0] + removed[1]);
    EXPECT_GE(entered[0] + entered[1], 20000);
    EXPECT_THAT(call(h_read, {0, 40}, 2).out, ElementsAre(0, 0));
}

} // namespace
} // namespace transom::hcall
