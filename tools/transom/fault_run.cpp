// SPDX-License-Identifier: Apache-2.0
#include "fault_run.hpp"

#include "failure.hpp"
#include "fault_guest.hpp"
#include "progress.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto default_limit = std::chrono::hours(4);
constexpr auto scrub_limit = std::chrono::seconds(30);
constexpr std::uint64_t kept_for_digests = 1 << 20; ///< bytes, at most, that a move leaves taken
constexpr std::size_t most_pages_for_all = 64;      ///< up to so many each record is tried
constexpr std::uint64_t many = 64, few = 3, all_of_them = ~std::uint64_t{0};
constexpr unsigned most_tries = 3; ///< until a record is sent when its turn comes
constexpr unsigned most_broken =
    5; ///< cells after which the machines had to be started anew, because something was wrong

class FaultRun {
  public:
    FaultRun(const MigrateOptions& options, FaultReport& report)
        : options_(options), report_(report), pair_(options, Clock::now() + time_limit(options.common, default_limit)),
          guest_(pair_) {
        report_.mode = pair_.mode();
    }
    void run();

  private:
    std::vector<FaultCell> plan();
    MoveCounts count();
    void run_guarded(const FaultCell& cell);
    void keep(std::size_t wrong_before);
    bool run_cell(const FaultCell& cell);
    bool run_fault(const FaultCell& cell);
    bool run_kill(const FaultCell& cell);
    void look_for_two();
    void wait_until_over(const FaultCell& cell);
    bool wait_until_happened(const FaultCell& cell);
    std::string wait_until_given_up(End end, const FaultCell& cell);
    Outcome whose();
    std::vector<std::string> after_move(const FaultCell& cell, Outcome found);
    Outcome outcome_of_kill(const FaultCell& cell, std::string& word, std::vector<std::string>& complaints);
    Outcome settle(std::vector<std::string>& complaints);
    std::vector<std::string> scrub_complaints();

    const MigrateOptions& options_;
    FaultReport& report_;
    FaultPair pair_;
    FaultGuest guest_;
    std::size_t source_said_ = 0, target_said_ = 0; ///< how much, before the move
    std::uint64_t free_before_ = 0;                 ///< at the target
    std::uint64_t most_pages_ = 0;                  ///< that a move without faults sent with their contents
    unsigned broken_ = 0, kept_ = 0;
};

template <class T> void append(std::vector<T>& list, const std::vector<T>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

/// The target is asked first: what has left the source in between is not at both.
void FaultRun::look_for_two() {
    if (pair_.partition(End::target) == "running" && pair_.partition(End::source) == "running")
        fail("both machines run the partition");
}

void FaultRun::wait_until_over(const FaultCell& cell) {
    const auto enough = pair_.enough();
    for (;;) {
        pair_.check_running();
        look_for_two();
        const std::string source = pair_.migration(End::source).text("state"),
                          target = pair_.migration(End::target).text("state");
        if (is_over(source) && is_over(target))
            return;
        if (Clock::now() >= enough)
            fail("{}: the move does not come to an end: {} at the source, {} at the target", cell.text(), source,
                 target);
        std::this_thread::sleep_for(poll_interval);
    }
}

/// False: the move is over, and the record was not sent.
bool FaultRun::wait_until_happened(const FaultCell& cell) {
    const auto enough = pair_.enough();
    const auto both_completed = [&] {
        return pair_.migration(End::source).text("state") == "completed" &&
               pair_.migration(End::target).text("state") == "completed";
    };
    while (cell.record == 0 ? !both_completed() : !pair_.has_happened(cell)) {
        pair_.check_running();
        if (Clock::now() >= enough || (is_over(pair_.migration(End::source).text("state")) && cell.record != 0))
            return cell.record != 0 && pair_.has_happened(cell);
        std::this_thread::sleep_for(poll_interval);
    }
    return true;
}

/// Until an end has noticed that it hears nothing any more; what it says then.
std::string FaultRun::wait_until_given_up(End end, const FaultCell& cell) {
    const auto enough = pair_.enough();
    for (;;) {
        pair_.machine(end).check_running();
        const Fields said = pair_.migration(end);
        // A broken connection is said with its error, and a move without one goes on.
        if (is_over(said.text("state")) || said.has("error_name"))
            return said.text("error");
        if (Clock::now() >= enough)
            fail("{}: {} does not notice", cell.text(), pair_.machine(end).name());
        std::this_thread::sleep_for(poll_interval);
    }
}

Outcome FaultRun::whose() {
    const std::string there = pair_.partition(End::target), here = pair_.partition(End::source);
    if ((here == "running") == (there == "running"))
        fail("{} of the two machines run the partition ({})", here == "running" ? "both" : "none",
             pair_.migration(End::source).text("error"));
    return here == "running" ? Outcome::on_source : Outcome::on_target;
}

/// What is not as it has to be when both machines live and the move is over.
std::vector<std::string> FaultRun::after_move(const FaultCell& cell, Outcome found) {
    std::vector<std::string> complaints;
    const std::string source = pair_.migration(End::source).text("state");
    if ((source == "completed") != (found == Outcome::on_target))
        complaints.push_back(fmt::format("the source says {}, and the partition is at the {}", source, name(found)));
    if (const std::string left = pair_.partition(other(found == Outcome::on_target ? End::target : End::source));
        !left.empty())
        complaints.push_back(fmt::format("the machine that does not have the partition lists it as {}", left));
    if (found == Outcome::on_target)
        append(complaints, guest_.digest_complaints());
    else
        append(complaints, scrub_complaints());
    // Who has received what was damaged after it was sealed has to say so.
    if (cell.layer == Layer::sealed && cell.record == tls_data && cell.action == "corrupt") {
        const bool from_source = cell.sender == End::source;
        const std::string said = pair_.machine(other(cell.sender)).console().raw();
        if (said.find("damaged or forged on the way", from_source ? target_said_ : source_said_) == std::string::npos)
            complaints.emplace_back("who received it does not say that it was damaged");
    }
    append(complaints, guest_.complaints(found == Outcome::on_target ? End::target : End::source));
    return complaints;
}

/// False: there was no such record this time; the partition has moved.
bool FaultRun::run_fault(const FaultCell& cell) {
    if (cell.outlasts() && wait_until_happened(cell)) {
        static_cast<void>(wait_until_given_up(End::source, cell));
        look_for_two();
        const Happened happened = pair_.happened(cell);
        pair_.disarm(cell.sender);
        wait_until_over(cell);
        const Outcome found = whose();
        report_.note(cell, happened, expected(cell, happened), found, pair_.migration(End::source).text("error"),
                     after_move(cell, found));
        if (found == Outcome::on_target)
            pair_.turn();
        return true;
    }
    wait_until_over(cell);
    const bool reached = pair_.has_happened(cell);
    const Outcome found = whose();
    if (reached) {
        const Happened happened = pair_.happened(cell);
        report_.note(cell, happened, expected(cell, happened), found, pair_.migration(End::source).text("error"),
                     after_move(cell, found));
    }
    pair_.disarm(cell.sender);
    if (found == Outcome::on_target)
        pair_.turn();
    return reached;
}

/// After the source's death, or its giving up: nothing of what had come is left at the target.
std::vector<std::string> FaultRun::scrub_complaints() {
    const auto enough = std::min(pair_.until(), Clock::now() + scrub_limit);
    for (;;) {
        const std::uint64_t now = pair_.free_memory(End::target);
        if (pair_.partition(End::target).empty() && now + kept_for_digests >= free_before_)
            return {};
        if (Clock::now() >= enough)
            return {fmt::format("the target has {} bytes of memory, and had {} before what came and was lost", now,
                                free_before_)};
        std::this_thread::sleep_for(poll_interval);
    }
}

/// What the operator may say when the target is gone.
Outcome FaultRun::settle(std::vector<std::string>& complaints) {
    const Answer settled =
        pair_.management(End::source).request(fmt::format("settle partition={} owner=here", pair_.guest().partition()));
    if (!settled.ok() && !settled.error().starts_with("not-in-doubt") &&
        !settled.error().starts_with("no-such-partition"))
        complaints.push_back(fmt::format("settle is refused with {}", settled.error()));
    if (settled.ok() && pair_.partition(End::source) != "running")
        complaints.emplace_back("it was settled that the source has it, and it does not run there");
    return settled.ok() ? Outcome::in_doubt : Outcome::lost;
}

/// The survivor waits as long as it waits for a silent peer.
Outcome FaultRun::outcome_of_kill(const FaultCell& cell, std::string& word, std::vector<std::string>& complaints) {
    const End end = other(*cell.victim);
    word = wait_until_given_up(end, cell);
    const Fields said = pair_.migration(end);
    const Survivor survivor{said.text("state"), pair_.partition(end), said.has("error_name"),
                            said.number("pages_left").value_or(0)};
    Outcome found = Outcome::lost;
    if (end == End::target)
        found = survivor.partition == "running" && survivor.migration == "completed" ? Outcome::on_target : found;
    else
        found =
            survivor.migration == "failed" && survivor.partition == "running" ? Outcome::on_source : settle(complaints);
    append(complaints, survivor_complaints(cell, found, survivor));
    if (end == End::target && found == Outcome::lost && survivor.partition.empty())
        append(complaints, scrub_complaints());
    return found;
}

bool FaultRun::run_kill(const FaultCell& cell) {
    if (!wait_until_happened(cell)) {
        pair_.disarm(cell.sender);
        wait_until_over(cell);
        if (whose() == Outcome::on_target)
            pair_.turn();
        return false;
    }
    const Happened happened = pair_.happened(cell);
    pair_.kill(*cell.victim);
    const bool held_on = cell.is(migrate::RecordType::run) && !cell.let_go;
    if (*cell.victim != cell.sender && !held_on)
        pair_.disarm(cell.sender);
    std::string word;
    std::vector<std::string> complaints;
    const Outcome found = outcome_of_kill(cell, word, complaints);
    if (found != Outcome::lost)
        append(complaints, guest_.complaints(found == Outcome::on_target ? End::target : End::source));
    report_.note(cell, happened, expected(cell, happened), found, word, complaints);
    return true;
}

bool FaultRun::run_cell(const FaultCell& cell) {
    source_said_ = pair_.machine(End::source).console().raw().size();
    target_said_ = pair_.machine(End::target).console().raw().size();
    free_before_ = pair_.free_memory(End::target);
    guest_.begin();
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
    pair_.keep_consoles(fmt::format(".{}", kept_));
    for (std::size_t i = wrong_before; i < report_.wrong.size(); ++i)
        fmt::print("WRONG, consoles {}: {}\n", kept_, report_.wrong[i]);
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
    if (fresh && broken_ < most_broken)
        pair_.start();
}

/// A move without a fault tells what is sent.
MoveCounts FaultRun::count() {
    for (const End end : {End::source, End::target})
        pair_.disarm(end);
    guest_.begin();
    pair_.order_move();
    wait_until_over({});
    const Fields said = pair_.migration(End::source);
    if (said.text("state") != "completed")
        fail("a move without a fault is {}: {}", said.text("state"), said.text("error"));
    most_pages_ =
        std::max(most_pages_, said.number("pages_total").value_or(0) - std::min(said.number("pages_total").value_or(0),
                                                                                said.number("zero_pages").value_or(0)));
    std::vector<std::string> complaints = after_move({}, Outcome::on_target);
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

void FaultRun::run() {
    const auto began = Clock::now();
    pair_.start();
    const std::vector<FaultCell> cells = plan();
    report_.planned = cells.size();
    Progress progress(fmt::format("{} faults", cells.size()));
    for (std::size_t i = 0; i < cells.size() && broken_ < most_broken; ++i) {
        progress.update(static_cast<double>(i) / static_cast<double>(cells.size()), cells[i].text());
        run_guarded(cells[i]);
        report_.total_s = seconds_since(began);
    }
    pair_.keep_consoles({});
    progress.done(fmt::format("{} came about, {} not, {} wrong", report_.cells, report_.not_reached.size(),
                              report_.wrong.size()));
}

} // namespace

void run_faults(const MigrateOptions& options, FaultReport& report) { FaultRun(options, report).run(); }

} // namespace transom::tool
