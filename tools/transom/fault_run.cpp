// SPDX-License-Identifier: Apache-2.0
#include "fault_run.hpp"

#include "failure.hpp"
#include "fault_watch.hpp"
#include "progress.hpp"
#include "time_limit.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace transom::tool {
namespace {

constexpr auto default_limit = std::chrono::hours(4);
constexpr std::size_t most_pages_for_all = 64; ///< up to so many each record is tried
constexpr std::uint64_t many = 64, few = 3, all_of_them = ~std::uint64_t{0};
constexpr unsigned most_tries = 3;  ///< until a record is sent when its turn comes
constexpr unsigned most_broken = 5; ///< cells that could not be brought to their end

class FaultRun {
  public:
    FaultRun(const MigrateOptions& options, FaultReport& report)
        : options_(options), report_(report), pair_(options, Clock::now() + time_limit(options.common, default_limit)),
          watch_(pair_) {
        report_.mode = pair_.mode();
    }
    void run();

  private:
    void run_all(const std::vector<FaultCell>& cells);
    std::vector<FaultCell> plan();
    MoveCounts count();
    void run_guarded(const FaultCell& cell);
    void keep(std::size_t wrong_before);
    bool run_cell(const FaultCell& cell);
    bool run_fault(const FaultCell& cell);
    bool run_kill(const FaultCell& cell);
    void end_without(const FaultCell& cell, Outcome found);

    const MigrateOptions& options_;
    FaultReport& report_;
    FaultPair pair_;
    FaultWatch watch_;
    std::uint64_t most_pages_ = 0; ///< that a move without faults sent with their contents
    unsigned broken_ = 0, kept_ = 0;
    bool worn_ = false; ///< the next cell needs new machines
};

template <class T> void append(std::vector<T>& list, const std::vector<T>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

/// The move went as one without a fault. Its guest is looked at too: Linux ticks until then, and answers nobody who begins the next move.
void FaultRun::end_without(const FaultCell& cell, Outcome found) {
    for (const std::string& complaint : watch_.after_move({}, found))
        report_.wrong.push_back(fmt::format("{}, which did not come about: {}", cell.text(), complaint));
}

/// False: there was no such record this time; the partition has moved.
bool FaultRun::run_fault(const FaultCell& cell) {
    std::optional<Happened> happened;
    if (cell.outlasts() && watch_.wait_until_happened(cell)) {
        static_cast<void>(watch_.wait_until_given_up(End::source, cell));
        watch_.look_for_two();
        happened = pair_.happened(cell);
        pair_.disarm(cell.sender);
    }
    watch_.wait_until_over(cell);
    if (!happened && pair_.has_happened(cell))
        happened = pair_.happened(cell);
    const Outcome found = watch_.whose();
    if (happened)
        report_.note(cell, *happened, expected(cell, *happened), found, pair_.migration(End::source).text("error"),
                     watch_.after_move(cell, found));
    else
        end_without(cell, found);
    pair_.disarm(cell.sender);
    if (found == Outcome::on_target)
        pair_.turn();
    return happened.has_value();
}

/// False: the same.
bool FaultRun::run_kill(const FaultCell& cell) {
    if (!watch_.wait_until_happened(cell)) {
        pair_.disarm(cell.sender);
        watch_.wait_until_over(cell);
        const Outcome found = watch_.whose();
        end_without(cell, found);
        if (found == Outcome::on_target)
            pair_.turn();
        return false;
    }
    const Happened happened = pair_.happened(cell);
    const std::array tables = {pair_.second_tables(End::source), pair_.second_tables(End::target)};
    pair_.kill(*cell.victim);
    const bool held_on = cell.is(migrate::RecordType::run) && !cell.let_go;
    if (*cell.victim != cell.sender && !held_on)
        pair_.disarm(cell.sender);
    std::string word;
    std::vector<std::string> complaints;
    const Outcome found = watch_.after_death(cell, word, complaints);
    report_.note(cell, happened, expected(cell, happened), found, word, complaints);
    report_.rows.back()["second_tables"] = tables;
    return true;
}

bool FaultRun::run_cell(const FaultCell& cell) {
    watch_.begin();
    if (cell.record != 0)
        pair_.arm(cell);
    pair_.order_move();
    return cell.victim ? run_kill(cell) : run_fault(cell);
}

/// Of each time that something was wrong, in files of its own.
void FaultRun::keep(std::size_t wrong_before) {
    if (report_.wrong.size() == wrong_before)
        return;
    ++kept_;
    const std::string files = pair_.keep_consoles(fmt::format(".{}", kept_));
    for (std::size_t i = wrong_before; i < report_.wrong.size(); ++i)
        fmt::print("WRONG: {} ({})\n", report_.wrong[i],
                   files.empty() ? "--consoles DIR would keep what was said" : "consoles: " + files);
    std::fflush(stdout);
}

/// What goes wrong is written down, and the next has new machines.
void FaultRun::run_guarded(const FaultCell& cell) {
    const std::size_t wrong_before = report_.wrong.size(), cells_before = report_.cells;
    bool fresh = cell.victim.has_value();
    try {
        unsigned tries = 1;
        while (!run_cell(cell))
            if (++tries > most_tries) {
                report_.note_absent(cell);
                fresh = false;
                break;
            }
    } catch (const Failure& failure) {
        report_.wrong.push_back(fmt::format("{}: {}", cell.text(), failure.what()));
        report_.cells = std::max(report_.cells, cells_before + 1);
        fresh = true;
        ++broken_;
    }
    keep(wrong_before);
    worn_ = fresh;
}

/// A move without a fault tells what is sent.
MoveCounts FaultRun::count() {
    for (const End end : {End::source, End::target})
        pair_.disarm(end);
    watch_.begin();
    pair_.order_move();
    watch_.wait_until_over({});
    const Fields said = pair_.migration(End::source);
    if (said.text("state") != "completed")
        fail("a move without a fault is {}: {}", said.text("state"), said.text("error"));
    most_pages_ =
        std::max(most_pages_, said.number("pages_total").value_or(0) - std::min(said.number("pages_total").value_or(0),
                                                                                said.number("zero_pages").value_or(0)));
    std::vector<std::string> complaints = watch_.after_move({}, Outcome::on_target);
    append(report_.wrong, complaints);
    MoveCounts counts = pair_.counts();
    pair_.turn();
    return counts;
}

std::vector<FaultCell> FaultRun::plan() {
    const MoveCounts first = count(), counts = first.in_both(count());
    const bool all = options_.faults == "all";
    const std::uint64_t of_type = !all ? few : most_pages_ <= most_pages_for_all ? all_of_them : many;
    std::vector<FaultCell> cells;
    if (options_.faults != "kill")
        cells = fault_cells(counts, of_type, of_type);
    if (options_.faults != "some") {
        append(cells, hold_cells(counts));
        append(cells, kill_cells(counts));
    }
    const auto [part, parts] = options_.fault_part;
    if (parts > 1)
        report_.part = fmt::format("{}/{}", part, parts);
    return part_of(cells, part, parts);
}

void FaultRun::run_all(const std::vector<FaultCell>& cells) {
    const auto began = Clock::now();
    Progress progress(fmt::format("{} faults", cells.size()));
    for (std::size_t i = 0; i < cells.size() && broken_ < most_broken; ++i) {
        progress.update(static_cast<double>(i) / static_cast<double>(cells.size()), cells[i].text());
        if (std::exchange(worn_, false))
            pair_.start();
        run_guarded(cells[i]);
        report_.total_s = seconds_since(began);
    }
    progress.done(fmt::format("{} came about, {} not, {} wrong", report_.cells, report_.not_reached.size(),
                              report_.wrong.size()));
}

void FaultRun::run() {
    try {
        pair_.start();
        const std::vector<FaultCell> cells = plan();
        report_.planned = cells.size();
        run_all(cells);
    } catch (const Failure&) {
        pair_.keep_consoles({});
        throw;
    }
    pair_.keep_consoles({});
}

} // namespace

void run_faults(const MigrateOptions& options, FaultReport& report) { FaultRun(options, report).run(); }

} // namespace transom::tool
