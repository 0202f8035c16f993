// SPDX-License-Identifier: Apache-2.0
// The guest's other processors: started by RTAS for a piece of work each, stopped when that is done.
#pragma once

#include "guest.hpp"
#include "rtas.hpp"
#include "spr.hpp"

#include <cstdint>

namespace guest {

/// Processors that a guest makes use of, at most. head.S has a block for each.
constexpr unsigned max_processors = 4;

/// Of the calling one; 0 is the one that the guest began on.
unsigned processor_number();

/// How many of them the partition has, up to max_processors. They are its interrupt servers 0, 1, 2, ...
unsigned processor_count(const Tree& tree);

/// One deadline for all that a case waits for: a processor that waits for another gives up when it has passed.
void set_deadline(std::uint64_t ticks);
bool out_of_time();

/// Lets others have the processor for a moment, where a spinning one would hold it until its turn is over.
void give_way();

/// Spins until the condition holds; false where the deadline has passed before.
template <class Condition> bool wait_until(Condition condition) {
    while (!condition())
        if (out_of_time())
            return condition();
    return true;
}
/// The same, giving way now and then.
template <class Condition> bool wait_giving_way(Condition condition) {
    for (unsigned i = 1; !condition(); ++i) {
        if (out_of_time())
            return condition();
        if (i % 512 == 0)
            give_way();
    }
    return true;
}

/// RTAS query-cpu-stopped-state: 0 stopped, 2 not, or a negative status.
constexpr std::int64_t is_stopped = 0, is_not_stopped = 2;
std::int64_t stopped_state(const Tree& tree, std::uint32_t server);

/// RTAS start-cpu; the status. The processor calls `work` and stops itself.
std::int32_t start_processor(const Tree& tree, unsigned number, void (*work)());

/// Starts each of the others and lets it stop at once, so that it has a stack and vectors whatever may happen to it, as on
/// implementations whose H_SIGNAL_SYS_RESET reaches stopped processors. Whether that went well.
bool visit_processors(const Tree& tree);

/// Waits until that processor has stopped, prodding it meanwhile or not; where it does not come to its end until the deadline it
/// is reset, and the answer is false.
bool wait_for_stop(const Tree& tree, unsigned number, bool prods);

/// Processors that have been started for a case, and are waited for after it.
class Crew {
  public:
    Crew(const Machine& machine, std::uint64_t seconds) : tree_(*machine.tree) {
        set_deadline(seconds * machine.timebase_frequency);
    }

    bool start(unsigned number, void (*work)()) {
        const bool started = start_processor(tree_, number, work) == 0;
        members_ |= started ? 1u << number : 0;
        return started;
    }
    /// Whether all have come to their end in time; those that may be waiting are prodded.
    bool finish(bool prods = false) {
        bool ended = true;
        for (unsigned n = 1; n < max_processors; ++n)
            if (members_ & 1u << n)
                ended = wait_for_stop(tree_, n, prods) && ended;
        members_ = 0;
        return ended;
    }

  private:
    const Tree& tree_;
    unsigned members_ = 0;
};

} // namespace guest
