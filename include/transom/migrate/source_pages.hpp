// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <transom/migrate/move_estimate.hpp>
#include <transom/migrate/page_arrivals.hpp>
#include <transom/migrate/page_order.hpp>
#include <transom/migrate/pass_decision.hpp>
#include <utility>

namespace transom::migrate {

/// What a session may be told by its user, and the machine's clock.
struct PageRules {
    Ticks frequency = 0; // of the time base
    OrderLimits order = {};
    DecisionLimits decision = {};
};

/// The pages of a partition that moves away, from the first pass to the hand-over: what a session does next. What processors and the
/// hypervisor do to them is told to table(). For one processor at a time.
class SourcePages {
  public:
    static Bytes room_for(Bytes memory, Bytes granule);
    /// `room`: room_for bytes of the owner's at a multiple of 8, with anything in it.
    SourcePages(Bytes memory, Bytes granule, std::span<std::byte> room, const PageRules& rules);

    /// For dual::SecondTable::pages and LogicalMemory::watch_writes.
    PageStateTable& table() { return table_; }

    struct Next {
        Choice::Step step = Choice::Step::over;
        PageIndex page = {}; // to be sent: it is claimed. Read it, then say `sent`, before next() is asked again
        CopyOrder order = 0;

        bool operator==(const Next&) const = default;
    };

    /// `costs`: of following its stores, up to now.
    void begin_pass(Ticks now, const TrackingCosts& costs = {});
    /// Its time is bounded. `over`: all of the pass was sent, or it takes too long.
    Next next(Ticks now);
    /// It is in the stream, with its contents or as one of zeros.
    void sent(PageIndex page, bool in_full);
    /// After a pass: what it was is in result(). Its time ended when next() said `over`, whatever was done since. `table`: ticks that the stop would
    /// take for the page table.
    Decision end_pass(Ticks now, const TrackingCosts& costs = {}, Ticks table = 0);
    const PassResult& result() const { return result_; }
    /// At any time: what is still to come. When it stands still already, or runs at the target, how long the rest takes and how many pages
    /// that is.
    std::optional<MoveEstimate> estimate(Ticks now) const;

    /// Everybody is out of the partition (P11): what is left is what next() gives from now on. Before the first of it table().owed() is
    /// the bitmap, and last_copy() its cut.
    void begin_stop();
    CopyOrder last_copy() const { return copies_; }
    /// After that: somebody at the target waits for this page. It is claimed, as by next(). None: it is there or on its way, or the
    /// partition has no such page.
    std::optional<CopyOrder> demand(PageIndex page);
    /// The order of one more copy of a page that is sent already, and that nobody can store to.
    CopyOrder once_more() { return ++copies_; }
    /// What was claimed is not in the stream after all.
    void give_back(PageIndex page) { table_.give_back(page); }
    /// The target does not have it, whatever was sent: a connection was lost. Nothing is claimed; then begin_stop().
    void owe_again(PageIndex page);

  private:
    Next look(Ticks now);

    PageStateTable table_;
    PageOrder order_;
    PassMeter meter_;
    PageRules rules_;
    PassResult result_;
    unsigned pass_ = 0, slowed_ = 0;
    bool stopped_ = false, watching_ = false;
    bool stop_begins_ = false; // nobody has asked for one of the last pages yet
    Ticks began_ = 0;
    std::optional<std::pair<Ticks, std::uint64_t>> over_; // when its last page had gone, and touched() then
    std::uint64_t sends_ = 0, sends_in_full_ = 0;
    CopyOrder copies_ = 0;
};

} // namespace transom::migrate
