// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <transom/base/panic.hpp>

namespace transom::partition {

/// First processor that has the register.
enum class Since : std::uint8_t { power8 = 8, power9 = 9, power10 = 10 };

/// Last processor that has it.
enum class Until : std::uint8_t { power8 = 8, power9 = 9, newest = 0xff };

struct SprInfo {
    std::uint16_t number; // as mfspr takes it, and mtspr where `written_as` says nothing else
    std::string_view name;
    Since since;
    Until until = Until::newest;
    std::uint16_t written_as = number;
    std::uint64_t kept = ~std::uint64_t{0}; // what of the contents is the virtual processor's

    constexpr bool is_on(unsigned generation) const {
        return generation >= static_cast<unsigned>(since) && generation <= static_cast<unsigned>(until);
    }
};

/// Every special purpose register that a partition can see and that is switched as plain contents (the decrementer and
/// the time base are not: they travel as time). Power ISA 3.1 Book III, appendix of SPRs; POWER8: 2.07, and its own as Linux
/// knows them (those of the coprocessors, of transactions and of the supervisor's monitor, WORT). Problem state's other names
/// for some of them are not listed.
/// The order is part of the layout of Registers and is not part of the migration stream, which uses the numbers.
constexpr std::array spr_list = {
    SprInfo{26, "SRR0", Since::power8},
    SprInfo{27, "SRR1", Since::power8},
    SprInfo{19, "DAR", Since::power8},
    SprInfo{18, "DSISR", Since::power8},
    SprInfo{272, "SPRG0", Since::power8},
    SprInfo{273, "SPRG1", Since::power8},
    SprInfo{274, "SPRG2", Since::power8},
    SprInfo{275, "SPRG3", Since::power8},
    SprInfo{17, "DSCR", Since::power8},
    SprInfo{29, "AMR", Since::power8},
    SprInfo{61, "IAMR", Since::power8},
    SprInfo{157, "UAMOR", Since::power8},
    SprInfo{256, "VRSAVE", Since::power8},
    SprInfo{153, "FSCR", Since::power8},
    SprInfo{815, "TAR", Since::power8},
    SprInfo{806, "BESCR", Since::power8},
    SprInfo{804, "EBBHR", Since::power8},
    SprInfo{805, "EBBRR", Since::power8},
    SprInfo{896, "PPR", Since::power8},
    SprInfo{48, "PIDR", Since::power8},
    SprInfo{187, "CIABR", Since::power8},
    SprInfo{180, "DAWR0", Since::power8},
    SprInfo{188, "DAWRX0", Since::power8},
    SprInfo{798, "MMCR1", Since::power8},
    SprInfo{785, "MMCR2", Since::power8},
    SprInfo{786, "MMCRA", Since::power8},
    SprInfo{796, "SIAR", Since::power8},
    SprInfo{797, "SDAR", Since::power8},
    SprInfo{784, "SIER", Since::power8},
    SprInfo{787, "PMC1", Since::power8},
    SprInfo{788, "PMC2", Since::power8},
    SprInfo{789, "PMC3", Since::power8},
    SprInfo{790, "PMC4", Since::power8},
    SprInfo{791, "PMC5", Since::power8},
    SprInfo{792, "PMC6", Since::power8},
    SprInfo{181, "DAWR1", Since::power10},
    SprInfo{189, "DAWRX1", Since::power10},
    SprInfo{309, "PURR", Since::power8},
    SprInfo{308, "SPURR", Since::power8},
    SprInfo{849, "VTB", Since::power8},
    SprInfo{848, "IC", Since::power8},
    SprInfo{159, "PSPB", Since::power8},
    SprInfo{144, "TIDR", Since::power9, Until::power9},
    SprInfo{136, "CTRL", Since::power8, Until::newest, 152},
    SprInfo{823, "PSSCR", Since::power9},
    SprInfo{31, "ACOP", Since::power8, Until::power8},
    // A bit for each thread of the core, and a partition can set them all (msgsndp). It runs on one, and knows that one as its
    // thread 0: ISA 2.07B Book III-S 11.
    SprInfo{176, "DPDES", Since::power8, Until::power8, 176, 1},
    SprInfo{888, "TACR", Since::power8, Until::power8},
    SprInfo{889, "TCSCR", Since::power8, Until::power8},
    SprInfo{890, "CSIGR", Since::power8, Until::power8},
    SprInfo{892, "SPMC1", Since::power8, Until::power8},
    SprInfo{893, "SPMC2", Since::power8, Until::power8},
    SprInfo{895, "WORT", Since::power8, Until::power8},
    SprInfo{752, "SIER2", Since::power10},
    SprInfo{753, "SIER3", Since::power10},
    SprInfo{754, "MMCR3", Since::power10},
    SprInfo{468, "HASHKEYR", Since::power10},
    SprInfo{828, "DEXCR", Since::power10},
    // The last, because what they enable is to find the partition's own counters.
    SprInfo{894, "MMCRS", Since::power8, Until::power8},
    SprInfo{795, "MMCR0", Since::power8},
};

constexpr std::size_t spr_count = spr_list.size();

/// Some of them, indexed like spr_list.
using SprSet = std::bitset<spr_count>;

/// Index of a register in spr_list by name; fails to compile where there is none.
consteval std::size_t spr_index(std::string_view name) {
    for (std::size_t i = 0; i < spr_list.size(); ++i)
        if (spr_list[i].name == name)
            return i;
    panic("no such SPR in spr_list"); // not constexpr: naming an unknown register does not compile
}

} // namespace transom::partition
