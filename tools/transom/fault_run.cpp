// SPDX-License-Identifier: Apache-2.0
#include "fault_run.hpp"

#include "failure.hpp"
#include "fault_cell.hpp"
#include "machine_pair.hpp"
#include "manifest_source.hpp"
#include "moving_guest.hpp"
#include "paths.hpp"
#include "progress.hpp"
#include "stream_fields.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>
#include <map>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr unsigned sealed_data = 23; // TLS: application data
constexpr auto default_limit = std::chrono::hours(3);
/// Longer than a machine waits for one that is silent, and asks it again.
constexpr auto cell_limit = std::chrono::seconds(90);

class FaultRun {
  public:
    FaultRun(const MigrateOptions& options, FaultReport& report);
    void run();

  private:
    PairedMachine& at(End end) { return pair_[end == End::source ? here_ : 1 - here_]; }
    Fields migration(End end) { return at(end).management->demand("migration").result(); }
    void start();
    void order_move();
    std::pair<RecordCounts, RecordCounts> count();
    RecordCounts counts(End end);
    std::uint64_t sealed(End end);
    void arm(const FaultCell& cell);
    Fields state_of(const FaultCell& cell);
    void disarm(End end);
    void expect_said(const FaultCell& cell, std::size_t source_from, std::size_t target_from);
    void run_cell(const FaultCell& cell);
    bool run_until_over(const FaultCell& cell);
    Outcome outcome_of_kill(const FaultCell& cell, std::string& word);
    Outcome outcome(std::string& word);
    bool lists_running(End end);
    void check_guest(End end);
    void note(const FaultCell& cell, Outcome found, const std::string& word, bool on_channel = false);

    const MigrateOptions& options_;
    FaultReport& report_;
    Clock::time_point until_;
    std::unique_ptr<MovingGuest> guest_;
    MachinePair pair_;
    std::size_t here_ = 0; // whose partition it is
    std::string mode_;
    bool post_copy_;
};

MachineOptions with_fault_image(MachineOptions options) {
    if (options.image.empty())
        options.image = (power_build_directory() / "transom-faults.elf").string();
    return options;
}

FaultRun::FaultRun(const MigrateOptions& options, FaultReport& report)
    : options_(options), report_(report), until_(Clock::now() + time_limit(options.common, default_limit)),
      guest_(make_guest(options)),
      pair_(options, prepare_partition_machine(with_fault_image(options.common), "migrate")),
      mode_(options.modes.empty() ? "hybrid" : options.modes.front()), post_copy_(mode_ == "post-copy") {
    report_.mode = mode_;
}

void FaultRun::start() {
    const std::string name = options_.guest + ".dts";
    here_ = 0;
    pair_.start({name, ".", compile_manifest_text(name, guest_->manifest())}, until_);
    guest_->boot(*pair_[0].machine, until_);
}

/// Where the last move's page tables are still being put together the machine says so.
void FaultRun::order_move() {
    const auto enough = Clock::now() + cell_limit;
    const std::string request = fmt::format("migrate partition={} to={} mode={} connections={}", guest_->partition(),
                                            at(End::target).link_address, mode_, options_.connections);
    for (;;) {
        const Answer answer = at(End::source).management->request(request);
        if (answer.ok())
            return;
        if (!answer.error().starts_with("busy") || Clock::now() >= enough)
            fail("the move is refused: {}", answer.error());
        std::this_thread::sleep_for(poll_interval);
    }
}

bool is_over(std::string_view state) {
    return state == "completed" || state == "failed" || state == "refused" || state == "none";
}

/// False: the record at which something was to happen was not sent.
bool FaultRun::run_until_over(const FaultCell& cell) {
    const auto enough = Clock::now() + cell_limit;
    for (;;) {
        for (const End end : {End::source, End::target})
            at(end).machine->check_running();
        if (is_over(migration(End::source).text("state")) && is_over(migration(End::target).text("state")))
            return state_of(cell).text("fault") == "happened";
        if (Clock::now() >= enough)
            fail("{}: the move does not come to an end: {} at the source, {} at the target", cell.text(),
                 migration(End::source).text("state"), migration(End::target).text("state"));
        std::this_thread::sleep_for(poll_interval);
    }
}

bool FaultRun::lists_running(End end) {
    for (const Fields& row : at(end).management->demand("status").rows())
        if (row.text("partition") == guest_->partition() && row.text("state") == "running")
            return true;
    return false;
}

Outcome FaultRun::outcome(std::string& word) {
    const bool here = lists_running(End::source), there = lists_running(End::target);
    word = migration(End::source).text("error");
    if (here == there)
        fail("{} of the two machines run the partition ({})", here ? "both" : "none", word);
    return here ? Outcome::on_source : Outcome::on_target;
}

/// It goes on where it is, and its memory is as it was.
void FaultRun::check_guest(End end) {
    Machine& machine = *at(end).machine;
    MoveReport report;
    const std::size_t from = machine.console().mark();
    guest_->check(machine, from, report, std::min(until_, Clock::now() + cell_limit));
    const std::string said = machine.console().terminal_from(from);
    if (const auto bad = said.find(": BAD"); bad != std::string::npos)
        fail("the guest finds wrong data: {}", said.substr(said.rfind('\n', bad) + 1, 200));
    if (!report.alive_after)
        machine.fail_with_console("the guest does not go on");
}

RecordCounts FaultRun::counts(End end) {
    RecordCounts counts;
    const Fields said = at(end).management->demand("fault").result();
    for (const auto& [key, value] : said.all())
        if (key.starts_with("record_"))
            counts[static_cast<migrate::RecordType>(std::stoul(key.substr(7)))] = std::stoull(value);
    return counts;
}

/// A move without a fault tells what is sent.
std::pair<RecordCounts, RecordCounts> FaultRun::count() {
    for (const End end : {End::source, End::target})
        disarm(end);
    order_move();
    static_cast<void>(run_until_over({}));
    std::pair sent(counts(End::source), counts(End::target));
    here_ = 1 - here_;
    check_guest(End::source);
    return sent;
}

/// Pieces that it has sent encrypted since it was armed or disarmed last, but for those of handshakes.
std::uint64_t FaultRun::sealed(End end) {
    return at(end)
        .management->demand("fault layer=sealed")
        .result()
        .number(fmt::format("record_{}", sealed_data))
        .value_or(0);
}

void FaultRun::arm(const FaultCell& cell) {
    const auto what = cell.sealed ? fmt::format("layer=sealed record={}", sealed_data)
                                  : fmt::format("record={}", static_cast<unsigned>(cell.record));
    at(cell.sender).management->demand(fmt::format("fault {} nth={} do={}", what, cell.nth, cell.action));
}

Fields FaultRun::state_of(const FaultCell& cell) {
    return at(cell.sender).management->demand(cell.sealed ? "fault layer=sealed" : "fault").result();
}

void FaultRun::disarm(End end) {
    at(end).management->demand("fault do=nothing");
    at(end).management->demand("fault layer=sealed do=nothing");
}

/// Who has received what was damaged after it was sealed has to say so.
void FaultRun::expect_said(const FaultCell& cell, std::size_t source_from, std::size_t target_from) {
    const bool from_source = cell.sender == End::source;
    const std::string said = at(from_source ? End::target : End::source).machine->console().raw();
    if (said.find("damaged or forged on the way", from_source ? target_from : source_from) == std::string::npos)
        report_.wrong.push_back(fmt::format("{}: who received it does not say that it was damaged", cell.text()));
}

void FaultRun::note(const FaultCell& cell, Outcome found, const std::string& word, bool on_channel) {
    const std::optional<Outcome> wanted = expected(cell, post_copy_, on_channel);
    ++report_.cells;
    report_.rows.push_back({{"cell", cell.text()},
                            {"record", cell.sealed ? "sealed" : record_name(static_cast<std::uint16_t>(cell.record))},
                            {"nth", cell.nth},
                            {"on_channel", on_channel},
                            {"expected", wanted ? name(*wanted) : "one of the two"},
                            {"outcome", name(found)},
                            {"error", word}});
    if (wanted && found != *wanted)
        report_.wrong.push_back(
            fmt::format("{}: the partition is {}, not {} ({})", cell.text(), name(found), name(*wanted), word));
}

/// The survivor waits as long as it waits for a silent peer.
Outcome FaultRun::outcome_of_kill(const FaultCell& cell, std::string& word) {
    const End survivor = *cell.victim == End::source ? End::target : End::source;
    const auto enough = Clock::now() + cell_limit;
    Fields state;
    for (;;) {
        at(survivor).machine->check_running();
        state = migration(survivor);
        // A broken connection is said with its error, and a move without one goes on.
        if (is_over(state.text("state")) || state.has("error_name"))
            break;
        if (Clock::now() >= enough)
            fail("{}: the machine that is left does not notice", cell.text());
        std::this_thread::sleep_for(poll_interval);
    }
    word = state.text("error");
    if (survivor == End::target)
        return lists_running(End::target) && state.text("state") == "completed" ? Outcome::on_target : Outcome::lost;
    if (state.text("state") == "failed")
        return Outcome::on_source;
    const Answer settled =
        at(End::source)
            .management->request(fmt::format("recover partition={} owner=here force=peer-dead", guest_->partition()));
    return settled.ok() ? Outcome::in_doubt : Outcome::lost;
}

void FaultRun::run_cell(const FaultCell& cell) {
    const std::size_t source_from = at(End::source).machine->console().raw().size();
    const std::size_t target_from = at(End::target).machine->console().raw().size();
    arm(cell);
    order_move();
    std::string word;
    if (!cell.victim) {
        const bool happened = run_until_over(cell);
        const Outcome found = outcome(word);
        const bool on_channel = state_of(cell).has("on_channel");
        disarm(cell.sender);
        if (happened && cell.sealed && cell.action == "corrupt")
            expect_said(cell, source_from, target_from);
        if (found == Outcome::on_target)
            here_ = 1 - here_;
        check_guest(End::source);
        if (happened)
            note(cell, found, word, on_channel);
        else
            ++report_.not_reached;
        return;
    }
    const auto enough = Clock::now() + cell_limit;
    while (state_of(cell).text("fault") != "happened") {
        if (Clock::now() >= enough || is_over(migration(End::source).text("state"))) {
            ++report_.not_reached;
            return start();
        }
        std::this_thread::sleep_for(poll_interval);
    }
    at(*cell.victim).management.reset();
    at(*cell.victim).machine.reset(); // killed
    if (*cell.victim != cell.sender)
        disarm(cell.sender);
    const Outcome found = outcome_of_kill(cell, word);
    if (found != Outcome::lost)
        check_guest(found == Outcome::on_target ? End::target : End::source);
    note(cell, found, word);
    start();
}

void FaultRun::run() {
    start();
    const auto [source, target] = count();
    const std::uint64_t source_sealed = sealed(End::target), target_sealed = sealed(End::source); // it has moved
    const bool all = options_.faults == "all";
    std::vector<FaultCell> cells = all ? kill_cells(source, target) : std::vector<FaultCell>();
    for (const FaultCell& cell : fault_cells(source, target, all ? 64 : 3))
        cells.push_back(cell);
    for (const FaultCell& cell : sealed_cells(source_sealed, target_sealed, all ? 64 : 3))
        cells.push_back(cell);
    Progress progress(fmt::format("{} faults", cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
        progress.update(static_cast<double>(i) / static_cast<double>(cells.size()), cells[i].text());
        run_cell(cells[i]);
    }
    progress.done(
        fmt::format("{} came about, {} not, {} wrong", report_.cells, report_.not_reached, report_.wrong.size()));
}

} // namespace

nlohmann::ordered_json FaultReport::json() const {
    std::map<std::string, unsigned> outcomes;
    for (const auto& row : rows)
        ++outcomes[row["outcome"].get<std::string>()];
    return {{"result", wrong.empty() && cells != 0 ? "ok" : "failed"},
            {"guest", guest},
            {"machine", machine},
            {"mode", mode},
            {"cells", cells},
            {"not_reached", not_reached},
            {"outcomes", outcomes},
            {"wrong", wrong},
            {"rows", rows}};
}

std::string FaultReport::text() const {
    std::map<std::string, std::map<std::string, unsigned>> table;
    for (const auto& row : rows)
        ++table[row["record"].get<std::string>()][row["outcome"].get<std::string>()];
    std::string text = fmt::format("  {:<14} {:>8} {:>8} {:>9} {:>6}   who has the partition\n", "record", "source",
                                   "target", "in doubt", "lost");
    for (auto& [record, ends] : table)
        text += fmt::format("  {:<14} {:>8} {:>8} {:>9} {:>6}\n", record, ends["source"], ends["target"],
                            ends["in-doubt"], ends["lost"]);
    return text +
           fmt::format("{} faults, {} of them ended otherwise than they have to; {} records were not sent that time\n",
                       cells, wrong.size(), not_reached);
}

void run_faults(const MigrateOptions& options, FaultReport& report) { FaultRun(options, report).run(); }

} // namespace transom::tool
