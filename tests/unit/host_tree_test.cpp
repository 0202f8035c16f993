// SPDX-License-Identifier: Apache-2.0
#include "fdt_builder.hpp"
#include <array>
#include <gtest/gtest.h>
#include <transom/base/big_endian.hpp>
#include <transom/base/bits.hpp>
#include <transom/partition/cpu_characteristics.hpp>
#include <transom/tree/host_tree.hpp>

namespace transom::tree {
namespace {

using Features = std::initializer_list<std::pair<const char*, const char*>>; // name, state

std::vector<std::byte> firmware_with(Features features) {
    FdtBuilder tree;
    tree.begin("ibm,opal").begin("fw-features");
    for (const auto& [name, state] : features)
        tree.begin(name).flag(state).end();
    tree.end().end();
    const auto blob = tree.finish();
    return {blob.begin(), blob.end()};
}

partition::CpuCharacteristics characteristics(Features features) {
    return partition::read_cpu_characteristics(firmware_with(features).data());
}

constexpr std::uint64_t favour_security = ibm_bit(0), flush_l1d = ibm_bit(1), barriers = ibm_bit(2);

TEST(CpuCharacteristics, AMachineThatSaysNothingHasNoHelpAndNeedsEverything) {
    const partition::CpuCharacteristics nothing_known;
    FdtBuilder without_firmware, without_features;
    without_features.begin("ibm,opal").end();
    for (FdtBuilder* tree : {&without_firmware, &without_features}) {
        const auto answer = partition::read_cpu_characteristics(tree->finish().data());
        EXPECT_EQ(answer.character, nothing_known.character);
        EXPECT_EQ(answer.behaviour, nothing_known.behaviour);
    }
    EXPECT_EQ(nothing_known.character, 0u);
    EXPECT_EQ(nothing_known.behaviour, favour_security | flush_l1d | barriers);
}

TEST(CpuCharacteristics, HelpCountsOnlyWhereItIsEnabled) {
    EXPECT_EQ(characteristics({{"inst-spec-barrier-ori31,31,0", "enabled"},
                               {"inst-l1d-flush-trig2", "enabled"},
                               {"fw-l1d-thread-split", "enabled"},
                               {"fw-count-cache-disabled", "disabled"}})
                  .character,
              ibm_bit(0) | ibm_bit(3) | ibm_bit(4));
    EXPECT_EQ(characteristics({{"fw-bcctrl-serialized", "enabled"},
                               {"inst-l1d-flush-ori30,30,0", "enabled"},
                               {"fw-count-cache-disabled", "enabled"},
                               {"fw-count-cache-flush-bcctr2,0,0", "enabled"}})
                  .character,
              ibm_bit(1) | ibm_bit(2) | ibm_bit(7) | ibm_bit(9));
}

TEST(CpuCharacteristics, ABarrierIsNeededUntilFirmwareSaysNo) {
    EXPECT_EQ(characteristics({{"needs-l1d-flush-msr-pr-0-to-1", "enabled"}}).behaviour,
              favour_security | flush_l1d | barriers);
    EXPECT_EQ(characteristics({{"needs-l1d-flush-msr-pr-0-to-1", "disabled"}}).behaviour, favour_security | barriers);
    EXPECT_EQ(characteristics({{"speculation-policy-favor-security", "disabled"},
                               {"needs-l1d-flush-msr-pr-0-to-1", "disabled"},
                               {"needs-spec-barrier-for-bound-checks", "disabled"}})
                  .behaviour,
              0u);
    EXPECT_EQ(characteristics({{"needs-count-cache-flush-on-context-switch", "enabled"}}).behaviour,
              favour_security | flush_l1d | barriers | ibm_bit(5));
}

TEST(CpuCharacteristics, OnlyAFlushThatIsAskedForIsMissed) {
    constexpr const char* flush = "needs-l1d-flush-msr-hv-1-to-0";
    EXPECT_TRUE(partition::asks_for_flush_at_entry(firmware_with({{flush, "enabled"}}).data()));
    EXPECT_FALSE(partition::asks_for_flush_at_entry(firmware_with({{flush, "disabled"}}).data()));
    EXPECT_FALSE(partition::asks_for_flush_at_entry(
        firmware_with({{"needs-l1d-flush-msr-pr-0-to-1", "enabled"}}).data())); // the partition's own business
    FdtBuilder nothing_known;                                                   // as QEMU's
    EXPECT_FALSE(partition::asks_for_flush_at_entry(nothing_known.finish().data()));
}

bool emulated(const std::string& compatible) {
    FdtBuilder tree;
    tree.text("compatible", compatible).number("#address-cells", 1).number("#size-cells", 1);
    const std::array<std::byte, 8> reg{std::byte{0}, {}, {}, {}, std::byte{0x40}, {}, {}, {}};
    tree.begin("memory@0").text("device_type", "memory").bytes("reg", reg).end();
    tree.begin("cpus").begin("cpu@0").text("device_type", "cpu").number("timebase-frequency", 512'000'000);
    tree.number("ibm,ppc-interrupt-server#s", 0).end().end();
    const auto machine = read_host_tree(tree.finish().data());
    EXPECT_TRUE(machine.has_value());
    return machine && machine->emulated;
}

TEST(HostTree, SaysWhetherTheProcessorIsQemus) {
    EXPECT_TRUE(emulated("qemu,powernv9"));
    EXPECT_FALSE(emulated("ibm,powernv"));
    EXPECT_FALSE(emulated("ibm,witherspoon"));
}

} // namespace
} // namespace transom::tree
