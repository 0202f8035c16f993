// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <ucontext.h>
#include <unordered_map>
#include <vector>

namespace transom::interleave {

/// A step of an actor: what it is about to access. Steps of two actors depend on one another where they share a place and one of
/// them writes it. A place is a word of memory, or something else that is shared.
struct Step {
    static constexpr std::uint32_t nothing = ~std::uint32_t{0};
    std::uint32_t place = nothing;
    bool write = false;
    std::uint32_t also_reads = nothing; // a second place
    bool blind = false;                 // a write that does not look at what was there

    bool depends_on(const Step& other) const {
        const auto meet = [](std::uint32_t a, std::uint32_t b) { return a == b && a != nothing; };
        return (meet(place, other.place) && (write || other.write)) || (meet(also_reads, other.place) && other.write) ||
               (meet(place, other.also_reads) && write);
    }
};

struct Explored {
    std::uint64_t runs = 0;
    std::uint64_t steps = 0;
    std::uint64_t states = 0; // where they are told apart
    std::uint64_t cut = 0;    // runs that were given up because they are equivalent to others
    bool complete = false;    // each interleaving, but for those that are equivalent to one that was run
    std::string failure;      // of the first run that failed, with its steps
};

/// Of what is put in, two sums of 64 bits that are independent enough: among 10^8 states two have both in common with a
/// probability below 10^-22.
struct Digest {
    std::uint64_t first = 0x243F6A8885A308D3, second = 0x13198A2E03707344;

    void add(std::uint64_t value) {
        first = (first ^ value) * 0x9E3779B97F4A7C15;
        first ^= first >> 32;
        second = (second + value) * 0xD1342543DE82EF95 + 1;
        second ^= second >> 29;
    }
    bool operator==(const Digest&) const = default;
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

    /// A run that can say in which state it is.
    struct StateRun : Run {
        /// All that decides how it goes on and what the checks will say, but for what actors know by their steps.
        virtual void add_state(Digest& digest) const = 0;
        /// What a step at that place sees.
        virtual std::uint64_t value(std::uint32_t place) const = 0;
    };
    using MakeStateRun = std::function<std::unique_ptr<StateRun>()>;

    /// The same, state by state: each state that can be reached is reached, and checked, once. See explorer_states.cpp.
    Explored explore_states(const MakeStateRun& make, std::uint64_t max_states);

    /// Called by an actor before each access; outside a run it does nothing.
    static void step(const Step& step);
    /// The actor goes no further until `ready` holds; `step` is its next one.
    static void wait(const Step& step, std::function<bool()> ready);
    /// A place that an actor may be waiting for has another value.
    static void changed(std::uint32_t place);
    /// The actor waits until the place of its last step changes: what arch::relax() is on a host.
    static void relax();
    /// What the actor does until its next step also touches that (bits), which is nobody's place but the checks'.
    static void touches(std::uint32_t what);
    /// The actor knows something that it does not have from a step.
    static void learns(std::uint64_t what);
    /// The same, and forgetting leaves it.
    static void keeps(std::uint64_t what);
    /// Until its end; then the actor knows nothing any more of what it has seen, but that it has been through with one more.
    struct Operation {
        Operation() = default;
        Operation(const Operation&) = delete;
        Operation& operator=(const Operation&) = delete;
        ~Operation() { forgets(); }
    };
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
        std::uint32_t touched = 0; // by its last step
        Digest known, kept;        // what its variables are a function of
    };
    struct Node {
        unsigned chosen = 0;
        std::uint32_t enabled = 0, backtrack = 0, done = 0, sleep = 0;
        std::array<Step, max_actors> next{};
        Clock clock{}; // of the step that was done
    };

    /// What a step turned out to be.
    struct Done {
        Step step;
        std::uint32_t touched = 0;
        bool depends_on(const Done& other) const {
            return step.depends_on(other.step) || (touched & other.touched) != 0;
        }
    };
    struct StateNode {
        unsigned chosen = 0;
        std::uint32_t left = 0, sleep = 0;
        std::array<Done, max_actors> done{}; // of those that sleep, and of `chosen`
    };

    static void enter_actor();
    static void forgets();
    void begin(Run& run);
    bool all_finished() const;
    std::string run_once(const MakeStateRun& make, Explored& explored);
    /// To a node that is new: false where nothing is left to be done.
    bool enter_state(const StateRun& run, std::uint32_t can);
    void resume(unsigned actor);
    std::uint32_t enabled() const;
    bool choose(Node& node) const;
    void note_races(std::size_t at, const Clock& before);
    std::string run_once(const MakeRun& make, Explored& explored);
    static std::string name_of(unsigned actor, const Step& step);
    std::string trace() const;
    bool go_back();
    bool go_back_to_state();

    static constexpr std::size_t stack_size = 256 * 1024;
    static constexpr std::size_t max_steps = 4000; // of a run: more is a livelock
    static inline Explorer* running_ = nullptr;    // while an actor runs
    std::array<Coroutine, max_actors> actors_;
    unsigned count_ = 0, current_ = 0;
    ucontext_t scheduler_{};
    std::vector<Node> path_;
    std::size_t depth_ = 0; // in this run
    std::string failure_;
    std::vector<StateNode> states_on_path_;
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const { return digest.first; }
    };
    std::unordered_map<Digest, std::uint8_t, DigestHash> visited_; // with what was asleep there each time
};

} // namespace transom::interleave
