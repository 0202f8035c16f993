// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <transom/hpt/arguments.hpp>
#include <transom/hpt/entry.hpp>
#include <transom/hpt/hash.hpp>
#include <transom/hpt/tlbie.hpp>

namespace transom::hpt {
namespace {

using papr::PageSize;
using papr::PageSizes;
using papr::PageTableEntry;
using papr::SegmentSize;

constexpr PageSizes small{PageSize::kib_4, PageSize::kib_4, false, 0};
constexpr PageSizes mixed{PageSize::kib_4, PageSize::kib_64, true, 7};
constexpr PageSizes medium{PageSize::kib_64, PageSize::kib_64, true, 1};
constexpr PageSizes large{PageSize::mib_16, PageSize::mib_16, true, 0};
constexpr PageSizes large_in_64_kib{PageSize::kib_64, PageSize::mib_16, true, 8};
constexpr PageSizes large_in_4_kib{PageSize::kib_4, PageSize::mib_16, true, 0x38};

// A bolted, valid 64 KiB page of a 1 TiB segment; key 0b10101, R, C, N, pp 10 with pp0 set, at logical 0x3210000.
constexpr PageTableEntry full{0x4000123456789a95, 0xa000000003211396};

TEST(HptEntry, Isa207IsThePartitionsLayoutWithARealPage) {
    const HardwareEntry hardware = to_hardware(Format::isa_2_07, full, medium, {0x1'0000'0000'0000});
    EXPECT_EQ(hardware.d0, full.d0);
    EXPECT_EQ(hardware.d1, 0xa001000000001396);
    EXPECT_EQ(to_papr_d0(Format::isa_2_07, hardware), full.d0);
}

TEST(HptEntry, Isa30MovesTheSegmentSize) {
    const HardwareEntry hardware = to_hardware(Format::isa_3_0, full, medium, {0x7'0000'0000'0000});
    EXPECT_EQ(hardware.d0, full.d0 & 0x000fffffffffffff);
    EXPECT_EQ(hardware.d1, 0xa407000000001396); // B = 01 in bits 4-5
    EXPECT_EQ(to_papr_d0(Format::isa_3_0, hardware), full.d0);
}

TEST(HptEntry, TheOddLayoutIsLikeNoneOfThem) {
    const HardwareEntry hardware = to_hardware(Format::odd, full, medium, {0x1230000});
    EXPECT_NE(hardware.d0, full.d0);
    EXPECT_NE(hardware.d1, to_hardware(Format::isa_2_07, full, medium, {0x1230000}).d1);
    EXPECT_EQ(to_papr_d0(Format::odd, hardware), full.d0);
    EXPECT_EQ(to_papr_d0(Format::odd, {}), 0u);
    EXPECT_EQ(hardware.d1 & (papr::d1::protection | papr::d1::usage),
              full.d1 & (papr::d1::protection | papr::d1::usage));
}

TEST(HptEntry, TheHypervisorsBitsDoNotPass) {
    for (const Format format : {Format::isa_2_07, Format::isa_3_0, Format::odd}) {
        const HardwareEntry hardware = to_hardware(format, {full.d0 | 0x60, full.d1 | papr::d1::reserved}, medium, {0});
        EXPECT_EQ(hardware, to_hardware(format, full, medium, {0}));
        EXPECT_EQ(to_papr_d0(format, {hardware.d0 | 0x60, hardware.d1}), full.d0);
    }
}

TEST(HptEntry, Isa30HasOnly68BitsOfVirtualAddress) {
    EXPECT_TRUE(representable(Format::isa_3_0, 0xc00fffffffffffff));
    EXPECT_FALSE(representable(Format::isa_3_0, 0x0010000000000000));
    EXPECT_TRUE(representable(Format::isa_2_07, 0x0010000000000000));
}

TEST(HptEntry, PageSizesHaveTheirEncodings) {
    EXPECT_EQ(decode_page_sizes({0, 0x123456789abcf010}), small); // without L all of it is the page number
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012347010}), mixed);
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012341010}), medium);
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012000010}), large);
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012100010}), std::nullopt); // 16 MiB page off its boundary
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012008010}), large_in_64_kib);
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012038010}), large_in_4_kib);
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012108010}), std::nullopt); // off its boundary
    EXPECT_EQ(decode_page_sizes({4, 0x0000000012018010}), std::nullopt);
    EXPECT_EQ(page_address({4, 0x8000000012038010}, large_in_4_kib), LogicalAddr{0x12000000});
    for (const std::uint64_t encoding : {2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15})
        EXPECT_EQ(decode_page_sizes({4, encoding << 12}), std::nullopt) << encoding;
    EXPECT_EQ(page_address({4, 0x8000000012341010}, medium), LogicalAddr{0x12340000});
    EXPECT_EQ(page_address({0, 0x8000000012341010}, small), LogicalAddr{0x12341000});
}

// Worked out by hand from the definition: for 256 MiB VSID xor page index; for 1 TiB VSID xor (VSID << 25) xor page index.
TEST(HptHash, FollowsTheDefinition) {
    EXPECT_EQ(primary_hash({SegmentSize::mib_256, 0x22, 0x0000000}, PageSize::kib_4), 0x22u);
    EXPECT_EQ(primary_hash({SegmentSize::mib_256, 0x123456789, 0xabcd123}, PageSize::kib_4), 0x123456789u ^ 0xabcdu);
    EXPECT_EQ(primary_hash({SegmentSize::mib_256, 0x123456789, 0xabcd123}, PageSize::kib_64), 0x123456789u ^ 0xabcu);
    EXPECT_EQ(primary_hash({SegmentSize::mib_256, 0x123456789, 0xabcd123}, PageSize::mib_16), 0x123456789u ^ 0xau);
    // VSID 3: 3 << 25 is 0x6000000; offset 0xfedcba9876, 64 KiB: index 0xfedcba.
    EXPECT_EQ(primary_hash({SegmentSize::tib_1, 3, 0xfedcba9876}, PageSize::kib_64), 0x6000003u ^ 0xfedcbau);
    // Only 39 bits of it count: VSID bit 14 comes to bit 39 and is gone.
    EXPECT_EQ(primary_hash({SegmentSize::tib_1, 0x4000, 0}, PageSize::kib_4), 0x4000u);
    EXPECT_EQ(primary_hash({SegmentSize::mib_256, 0x8000000000, 0}, PageSize::kib_4), 0u);
}

TEST(HptHash, TheGroupIsTheLowBits) {
    EXPECT_EQ(group_of(0x12345, 18).value, 0x345u); // 2^18 bytes are 2^11 groups
    EXPECT_EQ(group_of(~std::uint64_t{0x12345}, 18).value, 0x4bau);
    EXPECT_EQ(group_of(0x12345, 25).value, 0x12345u);
}

TEST(HptHash, TheEntryHoldsTheAddressWithoutItsLow23Bits) {
    // What QEMU's powernv was seen to walk for address 0 in real mode.
    EXPECT_EQ(virtual_page_field({SegmentSize::tib_1, 0x1ffffff, 0}, PageSize::kib_4), 0x4001ffffff000000u);
    EXPECT_EQ(virtual_page_field({SegmentSize::mib_256, 0x22, 0xfffffff}, PageSize::kib_4), 0x22f80u);
    EXPECT_EQ(virtual_page_field({SegmentSize::mib_256, 0x22, 0xfffffff}, PageSize::mib_16), 0x22f00u);
    EXPECT_EQ(virtual_page_field({SegmentSize::tib_1, 0x5, 0x8000800000}, PageSize::kib_64), 0x4000000005800080u);
}

TEST(HptHash, ThePageComesBackFromItsEntryAndItsGroup) {
    constexpr unsigned log2_bytes = 18; // the smallest table gives the fewest bits
    for (const PageSizes sizes : {small, mixed, medium, large, large_in_64_kib, large_in_4_kib}) {
        for (const SegmentSize segment : {SegmentSize::mib_256, SegmentSize::tib_1}) {
            for (const std::uint64_t offset : {0x0ull, 0x7ff000ull, 0xabcd000ull, 0xfff0000ull, 0xf7ff000ull}) {
                const SegmentOffset place{segment, 0x1357b, offset};
                const std::uint64_t d0 = virtual_page_field(place, sizes.base);
                const std::uint64_t hash = primary_hash(place, sizes.base);
                const std::uint64_t base_page = offset & ~(papr::bytes(sizes.base) - 1);
                const VirtualPage expected{(0x1357bull << papr::shift(segment)) + base_page, segment, sizes.base,
                                           sizes.actual};
                EXPECT_EQ(virtual_page(d0, sizes, papr::ptex(group_of(hash, log2_bytes), 5)), expected);
                EXPECT_EQ(virtual_page(d0 | papr::d0::secondary, sizes, papr::ptex(group_of(~hash, log2_bytes), 2)),
                          expected);
            }
        }
    }
}

// RB by the fields of the tlbie description, written out.
TEST(HptTlbie, NamesThePage) {
    // 4 KiB in a 256 MiB segment: AVA, B = 0, AP = 0, L = 0.
    EXPECT_EQ(tlbie_page({0x123456789a000, SegmentSize::mib_256, PageSize::kib_4, PageSize::kib_4}), 0x123456789a000u);
    // 64 KiB page of a 4 KiB segment: AP = 101.
    EXPECT_EQ(tlbie_page({0x1234567895000, SegmentSize::tib_1, PageSize::kib_4, PageSize::kib_64}), 0x12345678951a0u);
    // 64 KiB: LP = 00000001, B = 01, AVAL = address bits 13 to 19 (0x...9 0000: bits 16 and 19: 1001000), L = 1.
    EXPECT_EQ(tlbie_page({0x1234567890000, SegmentSize::tib_1, PageSize::kib_64, PageSize::kib_64}), 0x1234567891191u);
    // 16 MiB: no address bit below 24, LP = 0.
    EXPECT_EQ(tlbie_page({0x12345ff000000, SegmentSize::mib_256, PageSize::mib_16, PageSize::mib_16}),
              0x12345ff000001u);
    // 16 MiB in a 64 KiB segment: LP = 00001000, AVAL bits 13 to 19 of the base page's address (0x90000: 1001000).
    EXPECT_EQ(tlbie_page({0x12345ff090000, SegmentSize::tib_1, PageSize::kib_64, PageSize::mib_16}), 0x12345ff008191u);
    // In a 4 KiB segment: AVA is all of the base page's address, AP = 100.
    EXPECT_EQ(tlbie_page({0x12345ff095000, SegmentSize::mib_256, PageSize::kib_4, PageSize::mib_16}), 0x12345ff095080u);
}

TEST(HptArguments, EnterRefusesWhatCannotBe) {
    Gprs gprs{};
    gprs[4] = papr::hpt_flag::exact | papr::hpt_flag::zero_page;
    gprs[5] = 0x123;
    gprs[6] = full.d0 | 0x60;
    gprs[7] = full.d1 | papr::d1::reserved;
    const auto args = EnterArgs::parse(gprs);
    ASSERT_TRUE(args.has_value());
    EXPECT_TRUE(args->exact);
    EXPECT_EQ(args->page_work, papr::hpt_flag::zero_page);
    EXPECT_EQ(args->slot.value, 0x123u);
    EXPECT_EQ(args->what.entry, full);
    EXPECT_EQ(args->what.page(), LogicalAddr{0x3210000});

    gprs[6] = 0x8000000000000001; // B = 10 is reserved
    EXPECT_EQ(EnterArgs::parse(gprs).error(), TableError::virtual_page);
    gprs[6] = 5;
    gprs[7] = 0x5010;
    EXPECT_EQ(EnterArgs::parse(gprs).error(), TableError::page_size);
    gprs[7] = 0x1000010;
    gprs[4] = ~papr::hpt_flag::page_work;
    EXPECT_EQ(EnterArgs::parse(gprs)->page_work, 0u);
}

TEST(HptArguments, ProtectionBitsLandInTheirPlaces) {
    Gprs gprs{};
    const auto protection = [&](std::uint64_t flags) {
        gprs[4] = flags;
        return ProtectArgs::parse(gprs).protection;
    };
    EXPECT_EQ(protection(0x100), 0x8000000000000000u);
    EXPECT_EQ(protection(0x3000), 0x3000000000000000u);
    EXPECT_EQ(protection(0xe00), 0xe00u);
    EXPECT_EQ(protection(0x7), 0x7u);
    EXPECT_EQ(protection(~std::uint64_t{0}), papr::d1::protection);
    EXPECT_EQ(protection(~std::uint64_t{0x3f07}), 0u);
}

TEST(HptArguments, ProtectHasNoAndcond) {
    Gprs gprs{};
    gprs[4] = papr::hpt_flag::andcond | papr::hpt_flag::avpn;
    gprs[6] = 0x80;
    EXPECT_TRUE(ProtectArgs::parse(gprs).condition.met(0x80));
    EXPECT_FALSE(ProtectArgs::parse(gprs).condition.met(0x100));
    EXPECT_FALSE(RemoveArgs::parse(gprs).condition.met(0x80));
}

TEST(HptArguments, ConditionsLookAtTheirBits) {
    const std::uint64_t d0 = 0x4000123456789a91;
    EXPECT_TRUE(Condition::avpn(0x4000123456789a80).met(d0));
    EXPECT_TRUE(Condition::avpn(0x4000123456789aff).met(d0)); // bits 57-63 are not compared
    EXPECT_FALSE(Condition::avpn(0x4000123456789b80).met(d0));
    EXPECT_FALSE(Condition::avpn(0x0000123456789a80).met(d0)); // B is
    EXPECT_FALSE(Condition::andcond(0x10).met(d0));
    EXPECT_TRUE(Condition::andcond(0x08).met(d0));
    EXPECT_FALSE(Condition::parse(papr::hpt_flag::avpn | papr::hpt_flag::andcond, 0x4000123456789a80).met(d0));
    EXPECT_TRUE(Condition::parse(0, 0xffff).met(d0));
}

TEST(HptEntry, APageMayBeElsewhereAndAllElseStays) {
    for (const Format format : {Format::isa_2_07, Format::isa_3_0, Format::odd})
        for (const papr::PageSizes& sizes : papr::page_sizes) {
            const Bytes size = papr::bytes(sizes.actual);
            const papr::PageTableEntry entry{papr::d0::segment_size | papr::d0::valid |
                                                 (sizes.large ? papr::d0::large : 0),
                                             std::uint64_t{sizes.encoding} << papr::d1::large_page_shift | 0x1b7};
            const RealAddr from{0x123 * mib(16)}, to{0xfedcba * mib(16)};
            const HardwareEntry before = to_hardware(format, entry, sizes, from);
            EXPECT_EQ(place_of(format, before.d1, size), from);
            EXPECT_EQ(with_place(format, before.d1, size, to), to_hardware(format, entry, sizes, to).d1);
        }
}

} // namespace
} // namespace transom::hpt
