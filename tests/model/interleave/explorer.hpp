// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <ucontext.h>
#include <vector>

namespace transom::interleave {

/// A step of an actor: what it is about to access. Steps of two actors depend on one another where they share a place and one of
/// them writes it. A place is a word of memory, or something else that is shared.
struct Step {
    static constexpr std::uint32_t nothing = ~std::uint32_t{0};
    std::uint32_t place = nothing;
    bool write = false;
    std::uint32_t also_reads = nothing; // a second place

    bool depends_on(const Step& other) const {
        const auto meet = [](std::uint32_t a, std::uint32_t b) { return a == b && a != nothing; };
        return (meet(place, other.place) && (write || other.write)) || (meet(also_reads, other.place) && other.write) ||
               (meet(place, other.also_reads) && write);
    }
};

struct Explored {
    std::uint64_t runs = 0;
    std::uint64_t steps = 0;
    std::uint64_t cut = 0; // runs that were given up because they are equivalent to others
    bool complete = false; // each interleaving, but for those that are equivalent to one that was run
    std::string failure;   // of the first run that failed, with its steps
};

/// Runs a few actors in all interleavings of their steps that differ: dynamic partial order reduction (Flanagan and Godefroid 2005) with
/// sleep sets, by doing everything again from the beginning each time. Memory is sequentially consistent.
class Explorer {
  public:
    static constexpr unsigned max_actors = 5;
    using Actor = std::function<void()>;

    /// One run: fresh state, its actors, a check after each step and one at the end. A check says what is wrong, or nothing.
    struct Run {
        virtual ~Run() = default;
        virtual std::vector<Actor> actors() = 0;
        virtual std::string after_step() = 0;
        virtual std::string at_end() = 0;
    };
    using MakeRun = std::function<std::unique_ptr<Run>()>;

    Explored explore(const MakeRun& make, std::uint64_t max_runs);

    /// Called by an actor before each access; outside a run it does nothing.
    static void step(const Step& step);
    /// The actor goes no further until `ready` holds; `step` is its next one.
    static void wait(const Step& step, std::function<bool()> ready);
    /// A place that an actor may be waiting for has another value.
    static void changed(std::uint32_t place);
    /// The actor waits until the place of its last step changes: what arch::relax() is on a host.
    static void relax();
    static unsigned actor();
    static void fail(const std::string& what);

  private:
    using Clock = std::array<std::uint32_t, max_actors>;
    struct Coroutine {
        ucontext_t context{};
        std::unique_ptr<char[]> stack;
        Actor body;
        Step next;
        std::function<bool()> ready;
        bool finished = false;
        std::uint32_t waits_for = Step::nothing;
        Step last;
        Clock clock{};
    };
    struct Node {
        unsigned chosen = 0;
        std::uint32_t enabled = 0, backtrack = 0, done = 0, sleep = 0;
        std::array<Step, max_actors> next{};
        Clock clock{}; // of the step that was done
    };

    static void enter_actor();
    void resume(unsigned actor);
    std::uint32_t enabled() const;
    bool choose(Node& node) const;
    void note_races(std::size_t at, const Clock& before);
    std::string run_once(const MakeRun& make, Explored& explored);
    std::string trace() const;
    bool go_back();

    static constexpr std::size_t stack_size = 256 * 1024;
    std::array<Coroutine, max_actors> actors_;
    unsigned count_ = 0, current_ = 0;
    ucontext_t scheduler_{};
    std::vector<Node> path_;
    std::size_t depth_ = 0; // in this run
    std::string failure_;
};

} // namespace transom::interleave
