// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <algorithm>
#include <array>
#include <transom/manage/connection.hpp>

// Where partitions are among the nodes of the machine, and the orders to move them there: docs/affinity.md.

namespace transom::manage {

namespace {

constexpr std::uint64_t points = 1'000'000; // in millionths
constexpr std::int64_t thousandth = 1000;   // of a point
constexpr char no_nodes[] = "error no-nodes: nothing is known of this machine's nodes";

} // namespace

void Connection::append_score(std::string_view key, const std::optional<affinity::Score>& score) {
    if (!score)
        return append(" {}=none", key);
    const std::int64_t thousandths = score->millionths / thousandth;
    const std::uint64_t size = static_cast<std::uint64_t>(thousandths < 0 ? -thousandths : thousandths);
    append(" {}={}{}.{:03}", key, thousandths < 0 ? "-" : "", size / 1000, size % 1000);
}

/// Node number `index` of the machine.
void Connection::say_node(relocate::Standing& standing, affinity::NodeIndex index) {
    const affinity::Nodes& nodes = standing.nodes();
    append("+ node={} memory={} free={} processing={} distances=", index,
           nodes.capacity()[index].memory * memory::block_size, standing.free(index) * memory::block_size,
           nodes.capacity()[index].processing);
    for (std::size_t other = 0; other < nodes.count(); ++other)
        append("{}{}", other == 0 ? "" : ",", nodes.distance(index, static_cast<affinity::NodeIndex>(other)));
    end_line();
}

void Connection::say_place(relocate::Standing& standing, const partition::Partition& partition) {
    append("+ partition={}", partition.name());
    for (const affinity::Metric* metric : affinity::metrics())
        append_score(metric->name, standing.score(*metric, partition));
    const affinity::Place place = standing.place(partition);
    append(" memory=");
    for (std::size_t n = 0; n < place.on.size(); ++n)
        append("{}{}", n == 0 ? "" : ",", place.on[n].memory * memory::block_size);
    append(" processing=");
    for (std::size_t n = 0; n < place.on.size(); ++n)
        append("{}{}", n == 0 ? "" : ",", place.on[n].processing);
    append(" page-table={} protected={}", place.page_table, partition.keeps_place ? "yes" : "no");
    end_line();
}

void Connection::next_standing() {
    relocate::Standing& standing = machine_->reallocator()->standing();
    out_size_ = out_sent_ = 0;
    if (cursor_ == 0)
        standing.look();
    const std::size_t nodes = standing.nodes().count();
    if (cursor_ < nodes)
        return say_node(standing, static_cast<affinity::NodeIndex>(cursor_++));
    if (const partition::Partition* const partition = standing.partition(cursor_ - nodes)) {
        ++cursor_;
        return say_place(standing, *partition);
    }
    answering_ = Answering::nothing;
    append("ok nodes={} partitions={}", nodes, cursor_ - nodes);
    append_score("system", standing.system(affinity::metric(affinity::Formula::composite)));
    end_line();
}

/// "a,b,c" of a key: those partitions. False: an error has been said.
bool Connection::take_named(std::optional<std::string_view> list, Named& named) {
    while (list) {
        const std::size_t end = list->find(',');
        const std::string_view name = list->substr(0, end);
        partition::Partition* const partition = machine_->find(name);
        if (partition == nullptr)
            return error("no-such-partition", name, "see status for those that there are"), false;
        if (std::ranges::find(named, partition) == named.end() && !named.push_back(partition))
            return error("too-many", name, "no more than 16 names"), false;
        list = end == std::string_view::npos ? std::nullopt : std::optional(list->substr(end + 1));
    }
    return true;
}

/// False: an error has been said, with that remedy.
bool Connection::take_number(Request& request, std::string_view key, std::uint64_t least, std::uint64_t most,
                             std::string_view remedy, std::optional<std::uint64_t>& number) {
    const auto text = request.take(key);
    if (!text)
        return true;
    number = parse_number(*text);
    if (number && *number >= least && *number <= most)
        return true;
    return error("bad-value", *text, remedy), false;
}

/// From when on a gain is worth its cost. False: an error has been said.
bool Connection::take_thresholds(Request& request, std::optional<affinity::Thresholds>& worth) {
    constexpr std::uint64_t most_points = 100, most_seconds = 1'000'000'000;
    std::optional<std::uint64_t> highest, delta, cooldown;
    const auto only = request.take("if-worth");
    if (only && *only != "yes" && *only != "no")
        return error("bad-value", *only, "if-worth is yes (only for a gain that is worth its cost) or no"), false;
    if (!take_number(request, "affinity-threshold", 0, most_points, "affinity-threshold is 0 to 100 points", highest) ||
        !take_number(request, "affinity-delta", 0, most_points, "affinity-delta is 0 to 100 points", delta) ||
        !take_number(request, "cooldown", 0, most_seconds, "cooldown is a number of seconds", cooldown))
        return false;
    const bool given = highest || delta || cooldown;
    if (only == "no" && given)
        return error("bad-value", *only, "thresholds say what is worth it: leave out if-worth"), false;
    if (only != "yes" && !given)
        return true;
    worth = affinity::Thresholds{};
    if (highest)
        worth->highest.millionths = static_cast<std::int64_t>(*highest * points);
    if (delta)
        worth->gain.millionths = worth->small_gain.millionths = static_cast<std::int64_t>(*delta * points);
    if (cooldown)
        worth->cooldown = static_cast<std::uint32_t>(*cooldown);
    return true;
}

/// False: an error has been said.
bool Connection::take_order(Request& request, relocate::ReallocationRequest& order) {
    const auto names = request.take("partition");
    const auto spared = request.take("protect");
    const auto only_plan = request.take("only-plan");
    const auto to = request.take("to-node");
    std::optional<std::uint64_t> bandwidth;
    if (!take_thresholds(request, order.worth) ||
        !take_number(request, "bandwidth", migrate::least_bandwidth, ~std::uint64_t{0},
                     "bandwidth is a number of bytes a second, 1000000 or more", bandwidth))
        return false;
    if (const auto key = request.left_over())
        return error("unknown-key", *key,
                     "reallocate has partition, protect, to-node, only-plan, if-worth, affinity-threshold, "
                     "affinity-delta, cooldown and bandwidth"),
               false;
    if (only_plan && *only_plan != "yes" && *only_plan != "no")
        return error("bad-value", *only_plan, "only-plan is yes (nothing moves) or no"), false;
    order.only_plan = only_plan == "yes";
    order.bandwidth = bandwidth.value_or(0);
    if (order.only_plan && to)
        return error("bad-value", *to, "only-plan says what is best: leave out to-node"), false;
    if (!take_named(names, order.requested) || !take_named(spared, order.spared))
        return false;
    if (order.requested.size() == 1) {
        order.partition = order.requested[0];
        order.requested.clear();
    }
    if (!to)
        return true;
    const auto number = parse_number(*to);
    if (!number || *number >= affinity::max_nodes)
        return error("bad-value", *to, "to-node is the number of a node: see affinity"), false;
    if (order.partition == nullptr)
        return error("missing-key", "partition", "to-node says where one partition is to be"), false;
    if (order.worth || spared)
        return error("bad-value", *to,
                     "to-node is done whatever it gains: leave out protect and what says what is worth it"),
               false;
    order.to = static_cast<affinity::NodeIndex>(*number);
    return true;
}

void Connection::start_reallocate(Request& request) {
    const std::optional<std::string_view> name = Request(request).take("partition"),
                                          to = Request(request).take("to-node");
    relocate::ReallocationRequest order;
    if (!take_order(request, order))
        return;
    const auto begun = machine_->reallocator()->request(order);
    if (begun)
        return line("ok reallocation=started");
    switch (begun.error()) {
    case relocate::RequestError::busy:
        return line("error busy: a reallocation is under way: wait for its end, or stop it");
    case relocate::RequestError::no_nodes:
        return line(no_nodes);
    case relocate::RequestError::no_node:
        return error("no-such-node", *to, "see affinity for those that there are");
    case relocate::RequestError::stays:
        return error("stays", *name, "it does not run, or is being migrated: try again when it runs here");
    case relocate::RequestError::is_protected:
        return error("protected", *name,
                     "protect names it, or its manifest has keep-place: take it out there to have it moved");
    }
}

/// The plan's steps, before the job.
void Connection::next_step() {
    const relocate::JobReport& job = machine_->reallocator()->report();
    const auto& steps = job.first_steps;
    if (cursor_ == 0)
        steps_of_ = job.began_at;
    if (steps_of_ != job.began_at) {
        answering_ = Answering::nothing;
        return error("changed", "steps", "another reallocation has begun: ask again");
    }
    if (cursor_ >= steps.size()) {
        answering_ = Answering::nothing;
        return answer_reallocation();
    }
    const auto& [partition, step] = steps[cursor_++];
    out_size_ = out_sent_ = 0;
    append("+ step={} partition={} what={} from={} to={} count={} copies={} with-next={}", cursor_, partition.data(),
           affinity::name(step.what), step.from, step.to, step.count, step.copies, step.with_next ? "yes" : "no");
    append_score("gain", affinity::Score{step.gain});
    end_line();
}

void Connection::answer_reallocation() {
    const relocate::JobReport& job = machine_->reallocator()->report();
    out_size_ = out_sent_ = 0;
    append("ok state={}", relocate::name(job.state));
    if (job.state == relocate::JobState::none)
        return end_line();
    if (job.partition[0] != 0)
        append(" partition={}", job.partition.data());
    append(" steps={} steps_done={} blocks={} blocks_moved={} pages_copied={} pages_at_last={} longest_closed_ticks={} "
           "stopped_ticks={}",
           job.steps, job.steps_done, job.blocks, job.costs.blocks, job.costs.pages_copied, job.costs.pages_at_last,
           job.costs.longest_closed_ticks, job.costs.stopped_ticks);
    if (job.before)
        append_score("before", job.before);
    if (job.predicted)
        append_score("predicted", job.predicted);
    if (job.after)
        append_score("after", job.after);
    if (job.ended_at != 0)
        append(" ticks={}", job.ended_at - job.began_at);
    if (job.refusal)
        append(" refusal=\"{}\"", affinity::describe(*job.refusal));
    if (job.failure != relocate::JobFailure::none)
        append(" failure=\"{}\"", relocate::describe(job.failure));
    end_line();
}

void Connection::order_affinity(Request& request) {
    const std::string_view verb = request.verb();
    if (verb == "reallocate")
        return start_reallocate(request);
    const auto steps = verb == "reallocation" ? request.take("steps") : std::nullopt;
    if (const auto key = request.left_over())
        return error("unknown-key", *key, verb == "reallocation" ? "reallocation has steps" : "this verb has no keys");
    if (steps && *steps != "yes" && *steps != "no")
        return error("bad-value", *steps, "steps is yes (those of the plan, too) or no");
    if (steps == "yes")
        answering_ = Answering::steps;
    else if (verb == "affinity" && !machine_->reallocator()->knows_nodes())
        line(no_nodes);
    else if (verb == "affinity")
        answering_ = Answering::standing;
    else if (verb == "reallocation")
        answer_reallocation();
    else if (machine_->reallocator()->stop())
        line("ok");
    else
        error("nothing-to-stop", verb, "no reallocation is under way");
}

} // namespace transom::manage
