// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checked_walkers.hpp"
#include <arch/fake_machine.hpp>
#include <optional>
#include <transom/dual/engine_impl.hpp>
#include <transom/dual/usage_look.hpp>

namespace transom::interleave {

constexpr unsigned log2_table = 18;

/// What has to be true of one of the two pages.
struct Truth {
    bool stored = false, referenced = false; // as R and C have to say
    bool no_store = false;                   // a call has returned after which none may be made
    bool no_access = false;

    std::uint64_t bits() const { return stored | referenced << 1 | no_store << 2 | no_access << 3; }
};

/// A partition with two pages in one group, two processors inside it, calls and a sweep, on words of which each access is a step.
/// What is checked after each step: I1. At each access: I2. Where a call answers R and C, and at the end: I3 and I4.
class Scene : public Explorer::StateRun, public dual::PageTracking, public dual::CallDiversion {
  public:
    static constexpr unsigned pages = 2;
    static constexpr std::uint32_t first_lpid = 1;
    struct Setup {
        Mutation mutation = Mutation::none;
        bool one_lpid = false; // as on POWER8
        bool begun = true;     // else there is no second table until start()
        bool ends = false;     // it is given back: whether somebody walks it then is looked at
        dual::StorePolicy stores = dual::StorePolicy::when_stored;
        bool sends = false; // T1 goes to another machine: what it has at the end is looked at
    };
    explicit Scene(const Setup& setup);
    ~Scene() override;

    // A scene's actors are made of these.
    void load(unsigned processor, unsigned page) { access(processor, page, dual::AccessKind::load); }
    void store(unsigned processor, unsigned page) { access(processor, page, dual::AccessKind::store); }
    void remove(unsigned page);
    /// H_REMOVE as it is dispatched: to one table or both, which is looked at before anything else.
    void remove_as_diverted(unsigned page);
    void start();
    void block_remove();
    void protect(unsigned page, std::uint64_t pp);
    void clear(unsigned page, std::uint64_t usage);
    void read(unsigned page);
    void enter(unsigned page);
    void clear_table();
    /// Sends the section with both pages, once more.
    void send();
    /// Looks for R and C in T2 that T1 lacks.
    void look();
    /// A fault is served, and the access not made again: an interrupt comes before it.
    void fill(unsigned processor, unsigned page, dual::AccessKind kind);
    void stop();
    void advance();
    void sweep(dual::Fold fold = dual::Fold::evict);
    /// What whoever leads the move does at its end, when all processors have left T2 or will not come back to it.
    void stop_and_sweep() {
        stop();
        advance();
        sweep();
    }
    /// It goes out. In the middle of a call a fault of the hypervisor's: for a grace period it is outside, though it is not.
    void leave(unsigned processor) { engine_.leave(processor); }
    /// A kick: it goes out and in again.
    void pass(unsigned processor);
    /// Whoever leads the move asks whether all stores are seen from now on; if so, they have to be.
    void ask_whether_all_are_tracked();

    std::vector<Explorer::Actor> actors() override { return actors_; }
    template <class F> void add(F body) { actors_.emplace_back(body); }
    std::string after_step() override;
    std::string at_end() override;
    void add_state(Digest& digest) const override;
    std::uint64_t value(std::uint32_t place) const override;
    void to_drain();
    /// From drain to its end, with all that has to be done, and from there to the next one.
    void to_end();
    void to_dual();

  private:
    using Phase = dual::Phase;
    struct Call {
        std::array<std::optional<Truth>, pages> at_flush; // when no processor had the page any more
        std::uint64_t clears = 0;
        Phase began = Phase::normal;
    };
    /// Until the end of a call or an access of a processor, of which nothing remains then.
    struct Operation : Explorer::Operation {
        explicit Operation(Scene& scene) : of(scene.calling_[Explorer::actor()]) {}
        ~Operation() { of = {}; }
        Call& of;
    };
    struct Tlb {
        struct Held {
            std::uint32_t lpid;
            unsigned page;
            bool second;
            std::uint64_t d1;
        };
        std::vector<Held> held;
        bool busy = false; // an access is under way
    };
    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr page, Bytes) override;
    void lower(LogicalAddr page, Bytes) override;
    void divert(dual::CallsGo where) override {
        Explorer::step({.place = diversion_place, .write = true});
        diverted_ = where == dual::CallsGo::to_both;
    }

    void flush(const arch::FakeFlush& flush);
    void flush_processor(unsigned processor, std::uint32_t lpid, std::optional<unsigned> page);
    void access(unsigned processor, unsigned page, dual::AccessKind kind);
    std::uint64_t try_access(unsigned processor, unsigned page, dual::AccessKind kind);
    void reflect(unsigned page);
    void note_made(unsigned page, dual::AccessKind kind);
    /// As BothTables does it, and as it would with the phase of the call's beginning.
    template <class F> auto with_scope(F flush) {
        if (setup_.mutation == Mutation::phase_before_lock) {
            const Phase began = calling_[Explorer::actor()].began;
            return flush(began == Phase::dual || began == Phase::switching ? engine_.lpids().both()
                                                                           : engine_.lpids().of_first());
        }
        Explorer::step({.place = phase_place});
        return flush(engine_.scope());
    }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) {
        return with_scope([&](const hpt::FlushScope& scope) { return arch::Tlb::discharge(obligation, scope); });
    }
    void begin_call() {
        calling_[Explorer::actor()] = {};
        if (setup_.mutation == Mutation::phase_before_lock)
            Explorer::step({.place = phase_place});
        calling_[Explorer::actor()].began = engine_.phase();
    }
    void begin_change(unsigned page) {
        begin_call();
        touches(page);
        changed_[page] = changed_[page] || Explorer::actor() < Explorer::max_actors;
    }
    /// What the scene itself knows of a page.
    static void touches(unsigned page) { Explorer::touches(1u << page); }
    static constexpr std::uint32_t all_pages = (1u << pages) - 1;
    void check_answer(unsigned page, std::uint64_t usage, const char* call);
    /// The partition stands still: what is left goes.
    std::string check_sent();
    template <class Table> void remove_from(Table& table, bool both, unsigned page);
    template <class Pending> void modify(Pending begun, unsigned page, const char* call);
    dual::Access made(unsigned page, dual::AccessKind kind) const;
    static papr::PageTableEntry entry(unsigned page);

    Setup setup_;
    arch::FakeMachine machine_{4096};
    std::array<papr::Ptex, pages> slots_;
    CheckedMemory first_, second_;
    memory::LogicalMemory memory_;
    std::vector<std::uint64_t> live_words_, usage_words_, section_words_;
    std::array<papr::PageTableEntry, pages> sent_{};
    hpt::Table<CheckedSlots> table_;
    dual::Engine<CheckedSlots, MutableTwins, CheckedWalkers> engine_;
    std::array<Truth, pages> truths_;
    std::array<Tlb, processors> tlbs_;
    std::array<dual::Which, processors> walks_{};
    std::array<Call, Explorer::max_actors + 1> calling_;
    std::array<int, pages> grants_{};
    bool diverted_ = false, tracked_ = false;
    std::array<bool, pages> changed_{}; // a call has begun that may make an access fail for a while, or for good
    std::vector<Explorer::Actor> actors_;
};

} // namespace transom::interleave
