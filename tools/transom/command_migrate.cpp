// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "failure.hpp"
#include "fault_run.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "move_series.hpp"
#include "one_move.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>
#include <functional>
#include <transom/tree/manifest.hpp>

namespace transom::tool {
namespace {

constexpr auto default_limit = std::chrono::seconds(300);
constexpr auto limit_of_another_round = std::chrono::seconds(100);
constexpr auto answer_time = std::chrono::seconds(60);
constexpr unsigned most_rounds = 1000;

void check_fault_options(const MigrateOptions& options) {
    if (!options.link.empty())
        fail("migrate --faults: what becomes of each is known where the link has no rules: leave out --link");
    if (options.modes.size() > 1)
        fail("migrate --faults: all moves are of one --mode, not {}", fmt::join(options.modes, ","));
    if (options.rounds != 1 || options.cancel_first || options.resize || options.corrupt_page ||
        !options.stranger.empty())
        fail("migrate --faults: it makes its moves and their faults itself: leave out --rounds and --test-...");
    const auto [part, parts] = options.fault_part;
    if (part < 1 || part > parts)
        fail("migrate --part {}/{}: there are parts 1/{} to {}/{}", part, parts, parts, parts, parts);
}

/// What can be told by the command line alone.
void check_options(const MigrateOptions& options) {
    if (options.rounds < 1 || options.rounds > most_rounds)
        fail("migrate --rounds {}: a partition moves 1 to {} times", options.rounds, most_rounds);
    const unsigned processors = options.virtual_processors.value_or(1);
    if (processors < 1 || processors > tree::max_virtual_processors)
        fail("migrate --virtual-processors {}: a partition has 1 to {}", processors, tree::max_virtual_processors);
    if (options.check && (options.rounds != 1 || options.cancel_first || !options.faults.empty()))
        fail("migrate --check moves nothing: leave out --rounds, --test-cancel and --faults");
    if (!options.faults.empty())
        check_fault_options(options);
    else if (options.fault_part != std::pair(1u, 1u))
        fail("migrate --part: which of the moves of --faults: say --faults, too");
}

class MoveCommand {
  public:
    explicit MoveCommand(const MigrateOptions& options);
    /// All rounds, or up to the first that is not right; `moved` is called after each.
    void run(MoveSeries& series, const std::function<void()>& moved);
    void move(MoveSeries& series);
    void keep_consoles() { pair_.keep_consoles(); }
    /// What its link did so far.
    std::optional<LinkReport> link() {
        LinkProxy* const link = pair_.link();
        if (link == nullptr)
            return {};
        return LinkReport{options_.link, {link->counts(0), link->counts(1)}};
    }

  private:
    std::string mode(unsigned round) const;
    MoveTask task(unsigned round);
    void end_other(std::size_t which);

    const MigrateOptions& options_;
    Clock::time_point until_;
    std::unique_ptr<MovingGuest> guest_;
    MachinePair pair_;
};

MoveCommand::MoveCommand(const MigrateOptions& options)
    : options_(options),
      until_(Clock::now() + time_limit(options.common, default_limit + (options.rounds - 1) * limit_of_another_round)),
      guest_(make_guest(options)), pair_(options, prepare_partition_machine(options.common, "migrate")) {}

/// Who says nothing sees both ways of moving, where there are several moves.
std::string MoveCommand::mode(unsigned round) const {
    const std::vector<std::string> usual = {"hybrid", "post-copy"};
    const auto& modes = options_.modes.empty() ? usual : options_.modes;
    return modes[round % modes.size()];
}

/// From A to B, back from B to A, and so on.
MoveTask MoveCommand::task(unsigned round) {
    PairedMachine &source = pair_[round % 2], &target = pair_[1 - round % 2];
    const std::string which =
        options_.rounds == 1 ? "moving" : fmt::format("move {} of {},", round + 1, options_.rounds);
    return {source,
            target,
            *guest_,
            fmt::format("{} from {} to {}", which, source.machine->name(), target.machine->name()),
            options_.compat,
            mode(round),
            options_.order,
            options_.connections,
            options_.downtime_ms,
            options_.bandwidth_mb.value_or(0) * std::uint64_t{1'000'000},
            options_.cancel_first,
            round == 0 ? options_.corrupt_page : std::nullopt,
            pair_.link()};
}

void MoveCommand::move(MoveSeries& series) {
    MoveTask next = task(static_cast<unsigned>(series.moves.size()));
    series.unfinished = UnfinishedMove{.mode = next.mode,
                                       .order = next.order,
                                       .from = next.source.machine->name(),
                                       .to = next.target.machine->name(),
                                       .said = {}};
    next.said = &series.unfinished->said;
    series.moves.push_back(move_once(next, until_));
    series.unfinished.reset();
}

void MoveCommand::run(MoveSeries& series, const std::function<void()>& moved) {
    pair_.start(guest_manifest(*guest_, options_), until_);
    guest_->boot(*pair_[0].machine, until_);
    if (options_.check) {
        series.agreed_ms = check_once(task(0), until_);
        series.powered_off = guest_->power_off(*pair_[0].machine, Clock::now() + answer_time);
        return end_other(1);
    }
    do {
        move(series);
        moved();
    } while (series.moves.size() < options_.rounds && series.moves.back().complaints().empty());

    const std::size_t end = series.moves.size() % 2;
    Machine& last = *pair_[end].machine;
    MoveReport& report = series.moves.back();
    guest_->finish(last, report, until_);
    series.link = link();
    series.powered_off = guest_->power_off(last, Clock::now() + answer_time);
    end_other(1 - end);
}

void MoveCommand::end_other(std::size_t which) {
    pair_[which].management->demand("shutdown");
    pair_[which].machine->wait_for_power_off(Clock::now() + answer_time);
}

void keep_consoles_of_failed(MoveCommand& command, const Failure& failure) {
    try {
        command.keep_consoles();
    } catch (const Failure& other) {
        fail("{}; and its consoles were not kept: {}", failure.what(), other.what());
    }
}

int migrate_with_faults(const MigrateOptions& options, const JsonFile& json) {
    check_options(options);
    FaultReport report;
    report.guest = options.guest;
    report.machine = options.common.machine;
    try {
        run_faults(options, report);
    } catch (const Failure& failure) {
        report.wrong.emplace_back(failure.what());
    } catch (const Interrupted& interruption) {
        auto so_far = report.json();
        so_far["result"] = "interrupted";
        so_far["error"] = interruption.what();
        json.write(so_far);
        throw;
    }
    fmt::print("\n{}", report.text());
    json.write(report.json());
    if (const auto complaints = report.complaints(); !complaints.empty())
        fail("{}", fmt::join(complaints, "; "));
    return 0;
}

} // namespace

int migrate(const MigrateOptions& options) {
    const JsonFile json(options.common.json);
    if (!options.faults.empty())
        return migrate_with_faults(options, json);
    MoveSeries series;
    series.guest = options.guest;
    series.machine = options.common.machine;
    series.rounds = options.rounds;
    std::optional<MoveCommand> command;
    const auto write_until_then = [&] {
        json.write_until_then(series.failed_json("failed", JsonFile::not_at_its_end));
    };
    write_until_then();
    try {
        check_options(options);
        command.emplace(options);
        command->run(series, write_until_then);
    } catch (const Failure& failure) {
        if (command)
            series.link = command->link();
        json.write(series.failed_json("failed", failure.what()));
        if (command)
            keep_consoles_of_failed(*command, failure);
        throw;
    } catch (const Interrupted& interruption) {
        json.write(series.failed_json("interrupted", interruption.what()));
        throw;
    }
    fmt::print("\n{}", series.text());
    json.write(series.json());
    command->keep_consoles();
    const auto complaints = series.complaints();
    if (!complaints.empty())
        fail("the move is not right: {}", fmt::join(complaints, "; "));
    return 0;
}

} // namespace transom::tool
