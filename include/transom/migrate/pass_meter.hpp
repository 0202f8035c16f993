// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/migrate/page_state_table.hpp>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// What of the table a pass is judged by.
struct PageCounts {
    std::uint64_t touched = 0; // ever
    std::uint64_t left = 0;    // that the target does not have
    std::uint64_t hot = 0;

    static PageCounts of(const PageStateTable& table) {
        return {table.touched(), table.pages_left(), table.count(PageStatus::hot)};
    }
};

/// What one pass was. Rates in pages a second.
struct PassResult {
    unsigned pass = 0;
    Ticks time = 0;
    std::uint64_t sent = 0;
    std::uint64_t left = 0;
    std::uint64_t table = 0;          // what the stop takes for the page table, in pages that take as long
    std::uint64_t bandwidth = 0;      // of pages in full, while there was something to send
    std::uint64_t dirty_rate = 0;     // different pages stored to
    std::uint64_t predicted_left = 0; // after the next pass, if there is one
    unsigned outrun = 0; // passes up to this one, without a gap, in which it stored to pages faster than limited
};

/// Measures passes, and says one ahead what will be left (R48).
class PassMeter {
  public:
    /// `frequency`: ticks in a second. `outrun_percent`: of the bandwidth, more than that and it outruns us.
    /// A pass in which fewer than `sample` pages went in full does not say how fast that goes: they are in buffers.
    explicit PassMeter(Ticks frequency, std::uint64_t sample = 1, unsigned outrun_percent = 80)
        : frequency_(frequency), sample_(sample), outrun_percent_(outrun_percent) {}

    void begin_pass(Ticks now, const PageCounts& counts);
    /// The right to store has been taken away from everybody: only now does it count who gets it again.
    void watched(Ticks now, std::uint64_t touched);
    /// A page went, or nothing could.
    void sample(Ticks now, std::uint64_t touched);
    /// `sent`: pages; of those `in_full` went with their contents, which is what is left at the end, and takes the time.
    PassResult end_pass(Ticks now, const PageCounts& counts, std::uint64_t sent, std::uint64_t in_full);

  private:
    std::uint64_t per_second(std::uint64_t pages, Ticks time) const;
    std::uint64_t predict(const PageCounts& counts, std::uint64_t sent) const;

    Ticks frequency_;
    std::uint64_t sample_;
    unsigned outrun_percent_;
    WriteCurve curve_; // of the first pass
    unsigned pass_ = 0, outrun_ = 0;
    Ticks began_ = 0;
    std::uint64_t touched_ = 0, sendable_ = 0, bandwidth_ = 0;
    // How the last pass compares with the curve: the partition may do something else now. In 256ths.
    std::uint64_t correction_ = 256;
};

} // namespace transom::migrate
