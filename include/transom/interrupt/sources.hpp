// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace transom::interrupt {

/// Interrupt priorities of XICS: 0 is the most favoured; least_favoured delivers nothing (a masked source, an idle MFRR).
using Priority = std::uint8_t;
constexpr Priority least_favoured = 0xff;

/// Source numbers of a partition: what its device tree's `interrupts` properties name. Numbers below 16 are the
/// architecture's (0 none, 2 inter-processor); these are the platform's.
constexpr std::uint32_t first_source = 0x1100;
constexpr std::size_t source_count = 32;

enum class Trigger : std::uint8_t {
    unused,  // no device behind this number
    message, // each event is one interrupt; events that come before it is taken are one
    level,   // an interrupt as long as the line is up
};

/// One interrupt source as the partition sets it up with the RTAS calls ibm,set-xive, ibm,int-on and ibm,int-off.
/// All of it is state that moves with the partition.
struct Source {
    Trigger trigger = Trigger::unused;
    Priority priority = least_favoured; // as ibm,set-xive set it
    bool enabled = false;               // ibm,int-on came after the last ibm,int-off
    std::uint32_t server = 0;           // virtual processor that gets it
    bool pending = false;               // message: happened and not taken yet; level: the line is up
    bool in_service = false;            // level: taken and not ended yet

    bool wants_delivery() const { return pending && enabled && !in_service && priority != least_favoured; }
};

/// The interrupt sources of one partition.
struct Sources {
    std::array<Source, source_count> table{};

    /// Null where the number names no source of this partition.
    Source* find(std::uint32_t number);
    const Source* find(std::uint32_t number) const;

    /// A device comes to live behind a number.
    void add(std::uint32_t number, Trigger trigger);
    /// An event of a message source. It is kept while the source is masked.
    void signal(std::uint32_t number);
};

} // namespace transom::interrupt
