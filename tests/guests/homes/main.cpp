// SPDX-License-Identifier: Apache-2.0
// A partition that looks all the time where its virtual processors are at home, by H_HOME_NODE_ASSOCIATIVITY, and at the counters of changes
// in its virtual processor area: one counts whenever the domain at its reference point is another one, and never else. It prints each change.
#include "../common/guest.hpp"
#include "../common/hypercall.hpp"
#include "../common/spr.hpp"

#include <array>

namespace {

constexpr std::size_t max_levels = 8, counters_offset = 0x58; // LoPAR table "VPA": one byte for each reference point
// The call and the counters may disagree for so long, as they change one after the other, and the host may have other things to do in between.
constexpr std::uint64_t patience_s = 10;

alignas(4096) std::array<volatile std::uint8_t, 1024> area;

struct Home {
    std::array<std::uint32_t, max_levels> domains{}; // at each reference point
    std::array<std::uint8_t, max_levels> counters{};

    friend bool operator==(const Home&, const Home&) = default;
};

void register_area() {
    constexpr std::uint64_t register_vpa = 0x2000'0000'0000;
    area[4] = area.size() >> 8;
    if (guest::hcall(guest::call::register_vpa, register_vpa, 0, reinterpret_cast<std::uint64_t>(area.data())).status !=
        guest::status::success)
        guest::bail_out("homes: no virtual processor area");
}

/// The n-th domain of the answer, counted from 1: fields of two bytes, of which one with its top bit set is a domain, and else two are.
std::uint32_t domain(const guest::Answer& answer, std::uint32_t n) {
    const auto field = [&](unsigned i) {
        return static_cast<std::uint32_t>(answer.r(4 + i / 4) >> (48 - 16 * (i % 4)) & 0xffff);
    };
    std::uint32_t found = 0;
    for (unsigned i = 0; n != 0 && i < 24; --n) {
        const std::uint32_t first = field(i++);
        found = (first & 0x8000) != 0 ? first & 0x7fff : first << 16 | field(i++);
    }
    if (n != 0)
        guest::bail_out("homes: the answer has fewer domains than there are reference points");
    return found;
}

class Watch {
  public:
    explicit Watch(const guest::Machine& machine) : tree_(*machine.tree) {
        while (levels_ < max_levels && tree_.cell("/rtas", "ibm,associativity-reference-points", levels_))
            ++levels_;
        if (levels_ == 0)
            guest::bail_out("homes: the device tree has no reference points");
    }

    Home look() const {
        const auto answer = guest::hcall(guest::call::home_node_associativity, 1, 0);
        if (answer.status != guest::status::success)
            guest::bail_out("homes: H_HOME_NODE_ASSOCIATIVITY is refused");
        Home home;
        for (unsigned i = 0; i < levels_; ++i) {
            home.domains[i] = domain(answer, point(i));
            home.counters[i] = area[counters_offset + i];
        }
        return home;
    }
    /// Whether counters have counted where the domains are others than before, and nowhere else.
    bool follows(const Home& before, const Home& now) const {
        for (unsigned i = 0; i < max_levels; ++i) {
            const bool changed = now.domains[i] != before.domains[i];
            if (now.counters[i] != static_cast<std::uint8_t>(before.counters[i] + (changed ? 1 : 0)))
                return false;
        }
        return true;
    }
    /// Whether the device tree said the same.
    bool is_in_tree(const Home& home) const {
        for (unsigned i = 0; i < levels_; ++i)
            if (tree_.processor_cell("ibm,associativity", point(i)) != home.domains[i])
                return false;
        return true;
    }
    void print(std::string_view what, const Home& home) const {
        guest::Line line;
        line << "homes: " << what;
        for (unsigned i = 0; i < levels_; ++i)
            line << (i == 0 ? " domains=" : ",") << std::int64_t{home.domains[i]};
        for (unsigned i = 0; i < levels_; ++i)
            line << (i == 0 ? " counters=" : ",") << std::int64_t{home.counters[i]};
        guest::print(line);
    }

  private:
    std::uint32_t point(unsigned level) const {
        return tree_.cell("/rtas", "ibm,associativity-reference-points", level).value_or(0);
    }

    const guest::Tree& tree_;
    unsigned levels_ = 0;
};

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, "homes"); }

void guest_main(const Machine& machine) {
    register_area();
    const Watch watch(machine);
    Home before = watch.look();
    watch.print(watch.is_in_tree(before) ? "begin" : "BAD, not what the tree says", before);
    const std::uint64_t patience = machine.timebase_frequency * patience_s;
    for (std::uint64_t disagree_since = 0;;) {
        const Home now = watch.look();
        if (now == before) {
            disagree_since = 0;
        } else if (watch.follows(before, now)) {
            watch.print("moved", now);
            before = now;
            disagree_since = 0;
        } else if (disagree_since == 0) {
            disagree_since = timebase();
        } else if (timebase() - disagree_since > patience) {
            watch.print("BAD, before", before);
            watch.print("BAD, now", now);
            bail_out("homes: counters and domains disagree");
        }
    }
}

} // namespace guest
