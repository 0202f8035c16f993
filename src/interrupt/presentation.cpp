// SPDX-License-Identifier: Apache-2.0
#include <transom/interrupt/presentation.hpp>

namespace transom::interrupt {

Candidate Presentation::waiting(const Sources& sources, std::uint32_t server) const {
    Candidate best;
    if (mfrr != least_favoured)
        best = {ipi_source, mfrr};
    for (std::uint32_t i = 0; i < source_count; ++i) {
        const Source& source = sources.table[i];
        if (source.wants_delivery() && source.server == server && source.priority < best.priority)
            best = {first_source + i, source.priority};
    }
    return best;
}

Candidate Presentation::delivered(const Sources& sources, std::uint32_t server) const {
    const Candidate candidate = waiting(sources, server);
    return candidate.priority < cppr ? candidate : Candidate{};
}

std::uint32_t Presentation::accept(Sources& sources, std::uint32_t server) {
    const Candidate taken = delivered(sources, server);
    const std::uint32_t xirr = std::uint32_t{cppr} << 24 | taken.source;
    if (taken.source == no_source)
        return xirr;
    cppr = taken.priority;
    // An inter-processor interrupt stays asked for until MFRR is set back: the handler does so (H_IPI with 0xff).
    if (Source* source = sources.find(taken.source)) {
        if (source->trigger == Trigger::level)
            source->in_service = true;
        else
            source->pending = false;
    }
    return xirr;
}

void Presentation::end(Sources& sources, std::uint32_t xirr) {
    cppr = static_cast<Priority>(xirr >> 24);
    if (Source* source = sources.find(xirr & 0xffffff))
        source->in_service = false;
}

} // namespace transom::interrupt
