// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <array>
#include <transom/manage/connection.hpp>

// Where partitions are among the nodes of the machine, and the orders to move them there: docs/affinity.md.

namespace transom::manage {

namespace {

constexpr std::int64_t thousandth = 1000; // of a point, in millionths
constexpr char no_nodes[] = "error no-nodes: nothing is known of this machine's nodes";

} // namespace

void Connection::append_score(std::string_view key, const std::optional<affinity::Score>& score) {
    if (!score)
        return append(" {}=none", key);
    const std::int64_t thousandths = score->millionths / thousandth;
    append(" {}={}.{:03}", key, thousandths / 1000, thousandths % 1000);
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
    append(" page-table={}", place.page_table);
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

void Connection::start_reallocate(Request& request) {
    const auto name = request.take("partition");
    const auto worth = request.take("if-worth");
    const auto only_plan = request.take("only-plan");
    const auto to = request.take("to-node");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "reallocate has partition, to-node, if-worth and only-plan");
    if (worth && *worth != "yes" && *worth != "no")
        return error("bad-value", *worth, "if-worth is yes (only for a gain that is worth its cost) or no");
    if (only_plan && *only_plan != "yes" && *only_plan != "no")
        return error("bad-value", *only_plan, "only-plan is yes (nothing moves) or no");
    if (only_plan == "yes" && to)
        return error("bad-value", *to, "only-plan says what is best: leave out to-node");
    partition::Partition* const partition = name ? machine_->find(*name) : nullptr;
    if (name && partition == nullptr)
        return error("no-such-partition", *name, "see status for those that there are");
    relocate::ReallocationRequest order{.partition = partition,
                                        .worth_it = worth == "yes",
                                        .only_plan = only_plan == "yes",
                                        .by_itself = false,
                                        .to = {}};
    if (to) {
        const auto number = parse_number(*to);
        if (!number || *number >= affinity::max_nodes)
            return error("bad-value", *to, "to-node is the number of a node: see affinity");
        if (partition == nullptr)
            return error("missing-key", "partition", "to-node says where one partition is to be");
        order.to = static_cast<affinity::NodeIndex>(*number);
    }
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
        return error("protected", *name, "its manifest has keep-place: take it out there to have it moved");
    }
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
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "this verb has no keys");
    if (verb == "affinity" && !machine_->reallocator()->knows_nodes())
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
