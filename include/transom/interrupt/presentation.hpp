// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/interrupt/sources.hpp>

namespace transom::interrupt {

/// XISR values below 16 are the architecture's. LoPAR, "Interrupt presentation".
constexpr std::uint32_t no_source = 0;
constexpr std::uint32_t ipi_source = 2;

/// The interrupt that a virtual processor would take next.
struct Candidate {
    std::uint32_t source = no_source;
    Priority priority = least_favoured;

    bool operator==(const Candidate&) const = default;
};

/// The presentation controller of one virtual processor (its "server"). What is pending is not kept here but found among
/// the sources when asked, so an interrupt can be neither lost nor presented twice by a change of priority. Both fields
/// are all of its state, and move with the partition.
struct Presentation {
    Priority cppr = 0;              // only what is more favoured than this is delivered; 0: nothing
    Priority mfrr = least_favoured; // the priority at which an inter-processor interrupt is asked for

    /// The most favoured interrupt that waits for this server, whatever the CPPR; no_source where there is none.
    Candidate waiting(const Sources& sources, std::uint32_t server) const;
    /// The one that is delivered: the waiting one if it is more favoured than the CPPR.
    Candidate delivered(const Sources& sources, std::uint32_t server) const;
    /// Whether the processor's external interrupt is up.
    bool asserts(const Sources& sources, std::uint32_t server) const {
        return delivered(sources, server).source != no_source;
    }

    /// A load of XIRR: takes the delivered interrupt, if any. The old CPPR in the top byte, the source below.
    std::uint32_t accept(Sources& sources, std::uint32_t server);
    /// A store to XIRR: ends the interrupt of that source and sets the CPPR from the top byte.
    void end(Sources& sources, std::uint32_t xirr);
};

} // namespace transom::interrupt
