// SPDX-License-Identifier: Apache-2.0
#include "one_move.hpp"

#include "failure.hpp"
#include "move_progress.hpp"
#include "pass_report.hpp"
#include "progress.hpp"
#include "shell.hpp"
#include "work_progress.hpp"

#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(100);
constexpr auto drain_interval = std::chrono::milliseconds(20);

std::uint64_t timebase_of(const ManagementClient& management) {
    const auto frequency = management.hello().number("timebase");
    if (!frequency || *frequency == 0)
        fail("a machine does not say how fast its time base is");
    return *frequency;
}

class OneMove {
  public:
    OneMove(const MoveTask& task, Clock::time_point until)
        : task_(task), source_(*task.source.machine), target_(*task.target.machine),
          source_management_(*task.source.management), target_management_(*task.target.management), until_(until) {}
    MoveReport run();
    double check();

  private:
    void ask_for_move(std::string_view more = "");
    bool is_listed(ManagementClient& management, std::string_view state);
    /// Polls both ends until the source says completed and the target too.
    void watch_move();
    void note_completion(const Fields& source, const Fields& target);
    void wait_for_drain();
    void compare_digests();
    void wait_for_ticks(Machine& machine, std::size_t from, Clock::duration how_long);
    void look_at_source();
    void cancel_move();
    void look_at_time_base();
    void look_at_work(const std::vector<Tick>& ticks);

    const MoveTask& task_;
    Machine &source_, &target_;
    ManagementClient &source_management_, &target_management_;
    Clock::time_point until_, asked_;
    TableReport source_tables_, target_tables_; // before the move
    std::vector<PhaseMark> marks_;
    MoveReport report_;
};

void OneMove::wait_for_ticks(Machine& machine, std::size_t from, Clock::duration how_long) {
    const auto enough = Clock::now() + how_long;
    while (Clock::now() < enough || machine.console().terminal_from(from).find("\ntick ") == std::string::npos) {
        machine.check_running();
        if (Clock::now() >= until_)
            machine.fail_with_console("no ticks come");
        std::this_thread::sleep_for(poll_interval);
    }
}

void OneMove::ask_for_move(std::string_view more) {
    const std::string_view partition = task_.guest.partition();
    for (const Fields& row : source_management_.demand("status").rows())
        if (row.text("partition") == partition) {
            report_.memory_bytes = row.number("memory").value_or(0);
            report_.virtual_processors = row.number("vcpus").value_or(0);
        }
    if (report_.memory_bytes == 0)
        fail("machine {} does not list the partition {}", source_.name(), partition);
    std::string request = fmt::format("migrate partition={} to={}", partition, task_.target.link_address);
    if (task_.compat)
        request += " compat=yes";
    request += fmt::format(" mode={} order={} connections={}", task_.mode, task_.order, task_.connections);
    if (task_.downtime_ms)
        request += fmt::format(" downtime-ms={}", *task_.downtime_ms);
    if (task_.bandwidth != 0)
        request += fmt::format(" bandwidth={}", task_.bandwidth);
    request += more;
    if (task_.corrupt_page)
        request += fmt::format(" test-corrupt-page={}", *task_.corrupt_page);
    asked_ = Clock::now();
    if (task_.link != nullptr)
        task_.link->begin_move();
    source_management_.demand(request);
}

/// Until no machine has a second page table any more: then all is counted.
void OneMove::wait_for_drain() {
    report_.tables = {};
    for (ManagementClient* management : {&source_management_, &target_management_}) {
        TableReport after = TableReport::of(management->demand("report"));
        for (; after.active != 0; after = TableReport::of(management->demand("report"))) {
            if (Clock::now() >= until_)
                fail("the second page table did not come to its end in time");
            std::this_thread::sleep_for(drain_interval);
        }
        const bool is_source = management == &source_management_;
        report_.tables = report_.tables.with(after.since(is_source ? source_tables_ : target_tables_));
    }
    report_.rc_mismatches += report_.tables.rc_mismatches;
}

/// Cancels the move in its first pass, and waits until the partition is on its first page table and the second is empty.
void OneMove::cancel_move() {
    ask_for_move();
    const auto wait = [&](std::string_view what, auto holds) {
        while (!holds()) {
            source_.check_running();
            if (Clock::now() >= until_)
                fail("{} did not come in time", what);
            std::this_thread::sleep_for(poll_interval);
        }
    };
    wait("the first pass of the move", [&] {
        const Fields source = source_management_.demand("migration").result();
        if (source.text("state") == "completed")
            fail("the move was over before it could be cancelled");
        return source.text("state") == "pre-copying" && source.number("pages_done").value_or(0) > 100;
    });
    source_management_.demand("cancel");
    wait("the end of the second page table", [&] {
        const TableReport now = TableReport::of(source_management_.demand("report"));
        return now.active == 0 && now.since(source_tables_).drained == 1;
    });
    report_.cancelled = true;
}

void OneMove::note_completion(const Fields& source, const Fields& target) {
    report_.wire_bytes = source.number("bytes").value_or(0);
    report_.definition_bytes = source.number("definition_bytes").value_or(0);
    report_.pages_total = source.number("pages_total").value_or(0);
    report_.pages_sent = source.number("pages_sent").value_or(0);
    report_.zero_pages = source.number("zero_pages").value_or(0);
    report_.rc_mismatches = target.number("rc_mismatches").value_or(0);
    report_.sections_total = source.number("sections_total").value_or(0);
    report_.sections_sent = source.number("sections_sent").value_or(0);
    report_.sections_resent = source.number("sections_resent").value_or(0);
    report_.sections_in_stop = source.number("sections_in_stop").value_or(0);
    report_.passes = source.number("pass").value_or(0);
    report_.slowed_percent = source.number("slowed").value_or(0);
    report_.pages_resent = source.number("pages_resent").value_or(0);
    report_.connections = source.number("connections").value_or(0);
    report_.connections_lost = source.number("connections_lost").value_or(0);
    report_.pages_compressed = source.number("pages_compressed").value_or(0);
    report_.pages_delta = source.number("pages_delta").value_or(0);
    report_.bytes_saved = source.number("bytes_saved").value_or(0);
    report_.pages_demanded = target.number("pages_demanded").value_or(0);
    const auto ticks = target.has("downtime_ticks") ? target.number("downtime_ticks") : source.number("downtime_ticks");
    if (!ticks)
        fail("the machines do not say how long the partition stood still");
    const auto milliseconds = [](std::uint64_t value, const ManagementClient& management) {
        return static_cast<double>(value) * 1e3 / static_cast<double>(timebase_of(management));
    };
    report_.internal_downtime_ms = milliseconds(*ticks, target_management_);
    report_.each_pass = passes_json(source_management_.demand("passes").rows(), timebase_of(source_management_));
    report_.predicted_stop_ms = milliseconds(source.number("predicted_stop_ticks").value_or(0), source_management_);
    report_.wait_99_ms = milliseconds(target.number("wait_99_ticks").value_or(0), target_management_);
    report_.longest_wait_ms = milliseconds(target.number("longest_wait_ticks").value_or(0), target_management_);
    report_.fold_ms = milliseconds(source.number("fold_ticks").value_or(0), source_management_);
    report_.encode_ms = milliseconds(source.number("encode_ticks").value_or(0), source_management_);
    report_.send_ms = milliseconds(source.number("send_ticks").value_or(0), source_management_);
}

void OneMove::watch_move() {
    Progress progress(task_.label);
    MoveProgress shown(asked_);
    bool over = false; // all of it is there; the source may still read what it frees
    for (;;) {
        source_.check_running();
        target_.check_running();
        const Fields source = source_management_.demand("migration").result();
        const std::string state = source.text("state");
        shown.take(source, Clock::now());
        if (task_.said != nullptr)
            *task_.said = source;
        if (state != "connecting" && state != "pre-copying" && state != "copying" && state != "confirming" &&
            state != "post-copying" && state != "completed" && state != "in-doubt")
            fail("the move is {}: {} ({})", state, source.text("error"), source.text("error_name"));
        if (!over && state != "in-doubt" && source.number("ended_ticks").value_or(0) != 0) {
            over = true;
            report_.total_s = seconds_since(asked_);
            marks_.push_back({"completed", Clock::now()});
        }
        if (state == "completed") {
            const Fields target = target_management_.demand("migration").result();
            if (target.text("state") == "failed" || target.text("state") == "refused")
                fail("the move is {} at the target: {} ({})", target.text("state"), target.text("error"),
                     target.text("error_name"));
            if (target.text("state") == "completed") {
                note_completion(source, target);
                progress.done(fmt::format("{} {}", progress_bar(shown.fraction()), shown.text()));
                return;
            }
        }
        if (!over && marks_.back().phase != state)
            marks_.push_back({state, Clock::now()});
        progress.update(shown.fraction(), shown.text());
        if (Clock::now() >= until_)
            fail("the move did not end in time: state {} at the source", state);
        std::this_thread::sleep_for(poll_interval);
    }
}

void OneMove::compare_digests() {
    const std::string request = fmt::format("digest partition={}", task_.guest.partition());
    const auto source = DigestTable::parse(source_management_.demand(request));
    const auto target = DigestTable::parse(target_management_.demand(request));
    report_.digest = compare(source, target);
    if (report_.digest.mismatch.empty() && report_.digest.pages * source.granule != report_.memory_bytes)
        report_.digest.mismatch = fmt::format("{} pages are not the whole memory", report_.digest.pages);
}

bool OneMove::is_listed(ManagementClient& management, std::string_view state) {
    for (const Fields& row : management.demand("status").rows())
        if (row.text("partition") == task_.guest.partition() && row.text("state") == state)
            return true;
    return false;
}

void OneMove::look_at_source() { report_.source_let_go = !is_listed(source_management_, "running"); }

void OneMove::look_at_time_base() {
    for (const Fields& row : target_management_.demand("report").rows()) {
        report_.timebase_repairs += row.number("timebase_repairs").value_or(0);
        report_.timebase_repaired_ticks += row.number("timebase_repaired_ticks").value_or(0);
    }
}

/// How fast the work in Linux was, phase by phase, by what its workers have noted; the notes begin anew.
void OneMove::look_at_work(const std::vector<Tick>& ticks) {
    if (report_.work.workers == 0)
        return;
    const std::string notes = Shell(target_).run("for i in /sums/l*; do tail -n 400 $i; done; rm -f /sums/l*", until_);
    report_.phases = progress_by_phase(work_samples(notes, ticks), marks_, work_clock);
}

MoveReport OneMove::run() {
    report_.mode = task_.mode;
    report_.order = task_.order;
    report_.from = source_.name();
    report_.to = target_.name();
    report_.source_qemu = task_.source.qemu;
    report_.target_qemu = task_.target.qemu;
    source_tables_ = TableReport::of(source_management_.demand("report"));
    target_tables_ = TableReport::of(target_management_.demand("report"));
    const std::size_t target_from = target_.console().mark();
    const std::size_t source_from = task_.guest.start_ticks(source_, report_, until_);
    marks_.push_back({"before", Clock::now()});
    wait_for_ticks(source_, source_from, task_.guest.pauses().before); // to know the usual gap
    if (task_.cancel_first)
        cancel_move();
    ask_for_move();
    watch_move();
    wait_for_ticks(target_, target_from, task_.guest.pauses().after);
    wait_for_drain();
    // Everything that the source may still have to say has been said: from here on the ticks may stop.
    const std::uint64_t timebase = timebase_of(source_management_);
    const ConsoleFilter source = source_.console().snapshot(), target = target_.console().snapshot();
    const std::vector<Tick> ticks = collect_ticks({source, source_from}, {target, target_from}, timebase);
    report_.ticks = analyse_ticks(ticks, asked_);
    report_.phases =
        progress_by_phase(collect_progress({source, source_from}, {target, target_from}), marks_, timebase);
    compare_digests();
    look_at_source();
    task_.guest.check(target_, target_from, report_, until_);
    look_at_work(ticks);
    look_at_time_base();
    return report_;
}

double OneMove::check() {
    ask_for_move(" check=yes");
    for (;;) {
        source_.check_running();
        target_.check_running();
        const Fields source = source_management_.demand("migration").result();
        const std::string state = source.text("state");
        if (state == "checked") {
            if (!is_listed(source_management_, "running") || is_listed(target_management_, "running"))
                fail("the machines only looked whether the partition could move, and it does not run where it did");
            return static_cast<double>(source.number("agreed_ticks").value_or(0)) * 1e3 /
                   static_cast<double>(timebase_of(source_management_));
        }
        if (state != "connecting")
            fail("{} could not move from {} to {}: {} ({})", task_.guest.partition(), source_.name(), target_.name(),
                 source.text("error"), source.text("error_name"));
        if (Clock::now() >= until_)
            fail("the machines did not agree in time whether the partition could move");
        std::this_thread::sleep_for(poll_interval);
    }
}

} // namespace

double check_once(const MoveTask& task, Clock::time_point until) { return OneMove(task, until).check(); }

MoveReport move_once(const MoveTask& task, Clock::time_point until) { return OneMove(task, until).run(); }

} // namespace transom::tool
