// SPDX-License-Identifier: Apache-2.0
#include "bench_moves.hpp"

#include "failure.hpp"
#include "machine_pair.hpp"
#include "one_move.hpp"
#include "progress.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto boot_time = std::chrono::minutes(5), least_move_time = std::chrono::minutes(3);
constexpr auto poll_interval = std::chrono::milliseconds(50);
/// A second page table, page states, and what the hypervisor has for itself.
constexpr std::uint64_t room_mib = 768;

MigrateOptions options_of(const MachineOptions& machines, const BenchGuest& guest, bool counts) {
    MigrateOptions options;
    options.common = machines;
    const std::uint64_t needed = guest.memory_mib + 2 * std::max(guest.page_table_mib, 16u) + room_mib;
    if (parse_mib(machines.memory) < needed)
        options.common.memory = fmt::format("{}M", needed);
    options.guest = guest.name;
    options.guest_memory = fmt::format("{}M", guest.memory_mib);
    if (guest.name == "writer") {
        options.writes = guest.writes;
        options.write_rate = guest.write_rate;
    }
    if (guest.virtual_processors > 1)
        options.virtual_processors = guest.virtual_processors;
    if (guest.page_table_mib != 0)
        options.page_table_mib = guest.page_table_mib;
    options.count_instructions = counts;
    return options;
}

class BenchPair {
  public:
    BenchPair(const MachineOptions& machines, const BenchGuest& guest, bool counts, Clock::time_point end)
        : what_(guest), end_(end), options_(options_of(machines, guest, counts)), guest_(make_guest(options_)),
          pair_(options_, prepare_partition_machine(options_.common, "bench migrate")) {
        const auto until = std::min(end_, Clock::now() + boot_time);
        pair_.start(guest_manifest(*guest_, options_), until);
        guest_->boot(*pair_[0].machine, until);
    }
    BenchCell move(const BenchWay& way);
    void end();

  private:
    void note_given_up(BenchCell& cell, Clock::time_point asked, std::size_t from, Clock::time_point until);

    const BenchGuest& what_;
    Clock::time_point end_;
    MigrateOptions options_;
    std::unique_ptr<MovingGuest> guest_;
    MachinePair pair_;
    std::size_t here_ = 0;
    MoveReport last_;
};

BenchCell BenchPair::move(const BenchWay& way) {
    // A MiB in a tenth of a second is slow.
    const auto until =
        std::min(end_, Clock::now() + least_move_time + std::chrono::milliseconds(300 * what_.memory_mib));
    BenchCell cell{.guest = what_, .way = std::string(way.name), .result = {}, .move = {}, .complaints = {}};
    PairedMachine &source = pair_[here_], &target = pair_[1 - here_];
    const Answer said = source.management->demand("report");
    const TableReport tables = TableReport::of(said);
    const std::uint64_t source_halts = said.counter("t2_halts"),
                        target_halts = target.management->demand("report").counter("t2_halts");
    const auto asked = Clock::now();
    const std::size_t from = source.machine->console().mark();
    try {
        cell.move = move_once({.source = source,
                               .target = target,
                               .guest = *guest_,
                               .label = fmt::format("{}, {}", what_.text(), way.name),
                               .mode = std::string(way.mode),
                               .order = std::string(way.order),
                               .downtime_ms = {},
                               .corrupt_page = {}},
                              until);
        here_ = 1 - here_;
        cell.complaints = cell.move.complaints();
        cell.result = cell.complaints.empty() ? "moved" : "wrong";
        last_ = cell.move;
    } catch (const Failure& failure) {
        if (source.management->demand("migration").result().text("error_name") != "outrun")
            throw;
        cell.result = "outrun";
        cell.move.mode = way.mode;
        cell.move.order = way.order;
        note_given_up(cell, asked, from, until);
        cell.move.tables = TableReport::of(source.management->demand("report")).since(tables);
        for (std::string& complaint : cell.move.tables.complaints())
            cell.complaints.push_back(std::move(complaint));
    }
    // All second page tables are drained.
    cell.halts = halts_since(source_halts, source.management->demand("report"));
    for (const ProcessorHalt& halt : halts_since(target_halts, target.management->demand("report")))
        cell.halts.push_back(halt);
    return cell;
}

/// The partition goes on where it is; its second page table has to be empty before it can move again.
void BenchPair::note_given_up(BenchCell& cell, Clock::time_point asked, std::size_t from, Clock::time_point until) {
    PairedMachine& source = pair_[here_];
    const Fields said = source.management->demand("migration").result();
    MoveReport& move = cell.move;
    move.total_s = seconds_since(asked);
    move.memory_bytes = what_.memory_mib << 20;
    move.wire_bytes = said.number("bytes").value_or(0);
    move.pages_total = said.number("pages_total").value_or(0);
    move.pages_sent = said.number("pages_sent").value_or(0);
    move.zero_pages = said.number("zero_pages").value_or(0);
    move.pages_resent = said.number("pages_resent").value_or(0);
    move.passes = said.number("pass").value_or(0);
    while (TableReport::of(source.management->demand("report")).active != 0) {
        source.machine->check_running();
        if (Clock::now() >= until)
            fail("the second page table did not come to its end in time");
        std::this_thread::sleep_for(poll_interval);
    }
    guest_->check(*source.machine, from, move, until);
    if (move.pages_wrong != 0)
        cell.complaints.push_back(fmt::format("the guest found {} of {} pages wrong after a move that was given up",
                                              move.pages_wrong, move.pages_checked));
    for (const std::string& complaint : move.work.complaints())
        cell.complaints.push_back(complaint);
    if (!move.alive_after)
        cell.complaints.emplace_back("the partition does not answer after a move that was given up");
}

void BenchPair::end() { guest_->finish(*pair_[here_].machine, last_, Clock::now() + boot_time); }

} // namespace

std::vector<BenchCell> bench_moves(const MachineOptions& machines, const BenchGuest& guest,
                                   const std::vector<BenchWay>& ways, unsigned rounds, bool counts,
                                   Clock::time_point until) {
    BenchPair pair(machines, guest, counts, until);
    std::vector<BenchCell> cells;
    for (const BenchWay& way : ways)
        for (unsigned round = 0; round < rounds; ++round) {
            cells.push_back(pair.move(way));
            cells.back().counts = counts;
        }
    pair.end();
    return cells;
}

} // namespace transom::tool
