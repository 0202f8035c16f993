// SPDX-License-Identifier: Apache-2.0
#include "fault_watch.hpp"

#include "failure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto scrub_limit = std::chrono::seconds(30);
constexpr auto console_delay = std::chrono::seconds(3);
constexpr std::uint64_t kept_for_digests = 1 << 20; ///< bytes, at most, that a move leaves taken

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

} // namespace

void FaultWatch::begin() {
    source_said_ = pair_.machine(End::source).console().raw().size();
    target_said_ = pair_.machine(End::target).console().raw().size();
    free_before_ = pair_.free_memory(End::target);
    guest_.begin();
}

/// The target is asked first: what has left the source in between is not at both.
void FaultWatch::look_for_two() {
    if (pair_.partition(End::target) == "running" && pair_.partition(End::source) == "running")
        fail("both machines run the partition");
}

void FaultWatch::wait_until_over(const FaultCell& cell) {
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

bool FaultWatch::wait_until_happened(const FaultCell& cell) {
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

std::string FaultWatch::wait_until_given_up(End end, const FaultCell& cell) {
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

Outcome FaultWatch::whose() {
    const std::string there = pair_.partition(End::target), here = pair_.partition(End::source);
    if ((here == "running") == (there == "running"))
        fail("{} of the two machines run the partition ({})", here == "running" ? "both" : "none",
             pair_.migration(End::source).text("error"));
    return here == "running" ? Outcome::on_source : Outcome::on_target;
}

/// Who has received what was damaged after it was sealed has to say so; unless the connection was given up before he had come to it, as a host that
/// has stopped for a while makes it.
bool FaultWatch::says_damaged(const FaultCell& cell) {
    const auto says = [this](End end, std::string_view what) {
        const std::size_t from = end == End::source ? source_said_ : target_said_;
        return pair_.machine(end).console().raw().find(what, from) != std::string::npos;
    };
    // What a machine has logged comes out of its console a little later.
    for (const auto until = Clock::now() + console_delay;; std::this_thread::sleep_for(poll_interval)) {
        if (says(other(cell.sender), "damaged or forged on the way") ||
            says(End::source, "the target has been silent on it"))
            return true;
        if (Clock::now() >= until)
            return false;
    }
}

std::vector<std::string> FaultWatch::after_move(const FaultCell& cell, Outcome found) {
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
    if (cell.layer == Layer::sealed && cell.record == tls_data && cell.action == "corrupt" && !says_damaged(cell))
        complaints.emplace_back("who received it does not say that it was damaged");
    append(complaints, guest_.complaints(found == Outcome::on_target ? End::target : End::source));
    return complaints;
}

/// After the source's death, or its giving up: nothing of what had come is left at the target.
std::vector<std::string> FaultWatch::scrub_complaints() {
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
Outcome FaultWatch::settle(std::vector<std::string>& complaints) {
    const Answer settled =
        pair_.management(End::source)
            .request(fmt::format("recover partition={} owner=here force=peer-dead", pair_.guest().partition()));
    if (!settled.ok() && !settled.error().starts_with("not-in-doubt") &&
        !settled.error().starts_with("no-such-partition"))
        complaints.push_back(fmt::format("recover is refused with {}", settled.error()));
    if (settled.ok() && pair_.partition(End::source) != "running")
        complaints.emplace_back("it was settled that the source has it, and it does not run there");
    return settled.ok() ? Outcome::in_doubt : Outcome::lost;
}

/// The survivor waits as long as it waits for a silent peer.
Outcome FaultWatch::after_death(const FaultCell& cell, std::string& word, std::vector<std::string>& complaints) {
    const End end = other(*cell.victim);
    word = wait_until_given_up(end, cell);
    const Fields said = pair_.migration(end);
    const Survivor survivor{said.text("state"), pair_.partition(end), said.has("error_name"),
                            said.number("pages_left").value_or(0),
                            word.starts_with("pages ") && word.find(" missing: ") != std::string::npos};
    Outcome found = Outcome::lost;
    if (end == End::target)
        found = survivor.partition == "running" && survivor.migration == "completed" ? Outcome::on_target : found;
    else
        found =
            survivor.migration == "failed" && survivor.partition == "running" ? Outcome::on_source : settle(complaints);
    append(complaints, survivor_complaints(cell, found, survivor));
    if (end == End::target && found == Outcome::lost && survivor.partition.empty())
        append(complaints, scrub_complaints());
    if (found != Outcome::lost)
        append(complaints, guest_.complaints(end));
    return found;
}

} // namespace transom::tool
