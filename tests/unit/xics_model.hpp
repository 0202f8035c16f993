// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace transom::interrupt {

/// A plain model of the XICS hardware for one server: the presentation controller latches one interrupt (XISR), gives it
/// back to its source for a more favoured one, and sources offer again what was given back. Sources are 0 and 1; they
/// withdraw what is no longer asked for before it is taken.
struct XicsModel {
    struct Source {
        bool level = false;
        std::uint8_t priority = 0xff;
        bool enabled = false;
        bool latched = false; // message: an event nobody took yet; level: the line
        bool sent = false;    // with the presentation controller, or taken and not ended (level)
    };

    static constexpr std::uint32_t ipi = 2;
    static constexpr std::uint32_t first = 0x1100;

    std::array<Source, 2> sources;
    std::uint8_t cppr = 0;
    std::uint8_t mfrr = 0xff;
    std::uint32_t xisr = 0;
    std::uint8_t pending = 0xff; // priority of xisr

    std::string key() const {
        std::string k{static_cast<char>(cppr), static_cast<char>(mfrr), static_cast<char>(pending)};
        for (const Source& s : sources)
            k += {static_cast<char>(s.enabled), static_cast<char>(s.latched), static_cast<char>(s.sent)};
        return k + std::to_string(xisr);
    }

    void signal(unsigned s) {
        sources[s].latched = true;
        offer_all();
    }
    void set_line(unsigned s, bool up) {
        sources[s].latched = up;
        if (!up)
            withdraw(s);
        offer_all();
    }
    void set_enabled(unsigned s, bool on) {
        sources[s].enabled = on;
        if (!on)
            withdraw(s);
        offer_all();
    }
    void set_cppr(std::uint8_t value) {
        cppr = value;
        if (xisr != 0 && pending >= cppr)
            give_back();
        offer_all();
    }
    void set_mfrr(std::uint8_t value) {
        mfrr = value;
        if (xisr == ipi)
            give_back();
        offer_all();
    }
    std::uint32_t accept() {
        const std::uint32_t xirr = std::uint32_t{cppr} << 24 | xisr;
        if (xisr == 0)
            return xirr;
        cppr = pending;
        if (xisr >= first && !sources[xisr - first].level) {
            sources[xisr - first].latched = false;
            sources[xisr - first].sent = false;
        }
        xisr = 0;
        pending = 0xff;
        offer_all();
        return xirr;
    }
    void end(std::uint32_t xirr) {
        const std::uint32_t number = xirr & 0xffffff;
        if (number >= first && sources[number - first].level && number != xisr)
            sources[number - first].sent = false;
        set_cppr(static_cast<std::uint8_t>(xirr >> 24));
    }

  private:
    void give_back() {
        if (xisr >= first)
            sources[xisr - first].sent = false;
        xisr = 0;
        pending = 0xff;
    }
    void withdraw(unsigned s) {
        if (xisr == first + s)
            give_back();
    }
    void offer(std::uint32_t number, std::uint8_t priority) {
        if (priority >= cppr || (xisr != 0 && pending <= priority))
            return;
        if (xisr != 0)
            give_back();
        xisr = number;
        pending = priority;
        if (number >= first)
            sources[number - first].sent = true;
    }
    void offer_all() {
        if (xisr != ipi && mfrr != 0xff)
            offer(ipi, mfrr);
        for (std::uint32_t s = 0; s < sources.size(); ++s)
            if (sources[s].enabled && sources[s].latched && !sources[s].sent && sources[s].priority != 0xff)
                offer(first + s, sources[s].priority);
    }
};

} // namespace transom::interrupt
