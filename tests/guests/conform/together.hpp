// SPDX-License-Identifier: Apache-2.0
// For cases in which several processors take part. What they tell one another is in atomic variables of the file; what they
// found is looked at by the first one, which alone has the Context.
#pragma once

#include "../common/processors.hpp"
#include "case.hpp"

#include <atomic>

namespace conform {

using guest::wait_giving_way;
using guest::wait_until;
using Shared = std::atomic<std::uint64_t>;

/// Whether there are that many; skips the case if not.
inline bool offers_processors(Context& context, unsigned needed) {
    if (guest::processor_count(*context.machine().tree) >= needed)
        return true;
    context.skip("the partition has too few processors");
    return false;
}

inline void pause(std::uint64_t ticks) {
    for (const auto begin = guest::timebase(); guest::timebase() - begin < ticks;) {}
}

inline void quiet() {
    guest::allow_interrupts(false);
    guest::set_decrementer(guest::decrementer_idle);
}

/// Takes the mark that a prod may have left on the caller: the next wait is to be one.
inline void forget_prod() {
    guest::set_decrementer(1000);
    guest::hcall(guest::call::cede);
    quiet();
}

/// How long nobody waits who is woken, on however busy a host: 3 s of the time base.
inline std::uint64_t surely_woken(const guest::Machine& machine) { return 3 * machine.timebase_frequency; }

/// With the argument "long" cases take all the time that they can make use of.
inline bool takes_its_time(const guest::Machine& machine) {
    return machine.tree->text("/chosen", "bootargs") == "long";
}

/// Other processors at work for a case, with a deadline that only what hangs meets.
class Crew : public guest::Crew {
  public:
    explicit Crew(const guest::Machine& machine) : guest::Crew(machine, takes_its_time(machine) ? 600 : 60) {}
};

/// How often a case does something: `most` times, but no more than come into half a second, and never less than `least`
/// times.
class Rounds {
  public:
    Rounds() = default;
    Rounds(const guest::Machine& machine, std::uint64_t least, std::uint64_t most)
        : least_(least), most_(most),
          until_(takes_its_time(machine) ? ~std::uint64_t{0} : guest::timebase() + machine.timebase_frequency / 2) {}

    bool more(std::uint64_t done) const {
        return (done < least_ || (done < most_ && guest::timebase() < until_)) && !guest::out_of_time();
    }
    bool enough(std::uint64_t done) const { return done >= least_; }

  private:
    std::uint64_t least_ = 0, most_ = 0, until_ = 0;
};

} // namespace conform
