// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checked_walkers.hpp"
#include "resize_scene.hpp"
#include <transom/dual/engine_impl.hpp>

namespace transom::interleave {

/// H_RESIZE_HPT_COMMIT of a table that is prepared: a processor that is in a call, one that walks the tables with a TLB, and who commits. Page 0 is
/// bolted and in both. Checked at each access: I2; at the end, that the new table has what is bolted, with its C: I3.
class CommitScene final : public ResizeScene, public dual::CallDiversion {
  public:
    static constexpr unsigned caller = 0, walker = 1;
    static constexpr std::uint32_t first_lpid = 1, second_lpid = 2;

    CommitScene(bool grows, Mutation mutation);

    /// If calls still go there when it is dispatched: H_PROTECT of page 0, after which it is not stored to, and H_ENTER of page 1.
    void call_protect();
    void call_enter();
    /// As far as it goes without waiting: from `prepared` to the new table's being the partition's.
    void commit();
    /// The walker goes in, and stores to page 0 twice if it may.
    void walk();

    std::string after_step() override { return ""; }
    std::string at_end() override;

  private:
    void divert(dual::CallsGo where) override {
        Explorer::step({.place = diversion_place, .write = true});
        calls_go_ = where;
    }
    bool is_dispatched() {
        Explorer::step({.place = diversion_place});
        return calls_go_ == dual::CallsGo::to_resizing;
    }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) override {
        Explorer::step({.place = phase_place});
        return engine_.discharge(obligation);
    }
    bool is_full() {
        Explorer::step({.place = next_.place(place(0, new_log2_), 0)}); // who says so has just looked there
        return tables_.full();
    }
    void flush(const arch::FakeFlush& what);
    void store(bool second);

    Mutation planted_; // before what it is planted in
    dual::Engine<StepSlots, dual::TwinSlots<StepSlots>, CheckedWalkers> engine_;
    struct Held {
        std::uint32_t lpid;
        std::uint64_t d1;
    };
    std::vector<Held> tlb_; // the walker's, of page 0
    bool busy_ = false;     // it makes an access
    dual::CallsGo calls_go_ = dual::CallsGo::to_resizing;
    bool protected_ = false, entered_ = false, stored_ = false, refused_ = false;
};

} // namespace transom::interleave
