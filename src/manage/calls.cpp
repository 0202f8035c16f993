// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <algorithm>
#include <transom/hcall/table.hpp>
#include <transom/manage/connection.hpp>

// What an operator can see of a partition's hypervisor calls. The partition is looked up for each line, as it may end
// meanwhile.

namespace transom::manage {

namespace {

/// In a list of rows, what comes after them: calls that are none, and exits that are no calls.
std::size_t unknown_line() { return hcall::rows().size(); }
std::size_t other_exits_line() { return unknown_line() + 1; }

/// How often, and how long while it was observed.
struct Seen {
    std::uint64_t count;
    hcall::Latency latency;
};

Seen seen_in(const hcall::Latency& latency) { return {latency.count(), latency}; }

Seen seen(const partition::Partition& partition, std::size_t at) {
    if (at == other_exits_line())
        return seen_in(partition.observation.other_exits());
    const std::size_t row = at == unknown_line() ? hcall::unknown_row : at;
    return {partition.calls().by_row[row], partition.observation.latency(row)};
}

} // namespace

/// The partition that a request names, remembered for its lines; null, and the error is said, where there is none.
partition::Partition* Connection::named_for_calls(std::optional<std::string_view> name, std::string_view verb) {
    if (!name) {
        error("missing-key", "partition",
              verb == "calls" ? "calls needs partition=NAME" : "trace needs partition=NAME");
        return nullptr;
    }
    partition::Partition* partition = machine_->find(*name);
    if (partition == nullptr) {
        error("no-such-partition", *name, "status lists the partitions");
        return nullptr;
    }
    calls_of_ = {};
    std::copy(name->begin(), name->end(), calls_of_.begin());
    return partition;
}

void Connection::start_calls(Request& request) {
    const auto name = request.take("partition");
    const auto observe = request.take("observe");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "calls has partition and observe");
    if (observe && *observe != "on" && *observe != "off")
        return error("bad-value", *observe, "observe is on, which starts anew, or off");
    partition::Partition* partition = named_for_calls(name, "calls");
    if (partition == nullptr)
        return;
    if (observe && *observe == "on")
        partition->observation.start();
    else if (observe)
        partition->observation.stop();
    answering_ = Answering::calls;
}

void Connection::next_call() {
    const partition::Partition* partition = machine_->find(calls_of_.data());
    if (partition == nullptr) {
        answering_ = Answering::nothing;
        return error("no-such-partition", calls_of_.data(), "it has ended meanwhile");
    }
    while (cursor_ <= other_exits_line() && seen(*partition, cursor_).count == 0)
        ++cursor_;
    if (cursor_ > other_exits_line()) {
        answering_ = Answering::nothing;
        return line("ok observe={} privilege={}", partition->observation.on() ? "on" : "off",
                    partition->calls().problem_state);
    }
    const auto [count, latency] = seen(*partition, cursor_);
    out_size_ = out_sent_ = 0;
    if (cursor_ == other_exits_line()) {
        append("+ exits=other count={}", count);
    } else if (cursor_ == unknown_line()) {
        append("+ call=unknown set=- count={}", count);
    } else {
        const hcall::Row& row = hcall::rows()[cursor_];
        append("+ call={} set={} count={}", row.name, papr::name(row.set).empty() ? "-" : papr::name(row.set), count);
    }
    if (latency.count() != 0) {
        append(" ticks={} latency=", latency.ticks);
        for (std::size_t i = 0; i < latency.counts.size(); ++i)
            append("{}{}", i == 0 ? "" : ",", latency.counts[i]);
    }
    ++cursor_;
    end_line();
}

void Connection::start_trace(Request& request) {
    const auto name = request.take("partition");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "trace has partition");
    const partition::Partition* partition = named_for_calls(name, "trace");
    if (partition == nullptr)
        return;
    trace_end_ = partition->observation.recorded();
    answering_ = Answering::trace;
}

/// The newest of those that there were when it was asked for comes first; what is recorded meanwhile pushes out the oldest.
void Connection::next_trace() {
    const partition::Partition* partition = machine_->find(calls_of_.data());
    if (partition == nullptr) {
        answering_ = Answering::nothing;
        return error("no-such-partition", calls_of_.data(), "it has ended meanwhile");
    }
    const auto entry = cursor_ < trace_end_ ? partition->observation.entry(trace_end_ - 1 - cursor_) : std::nullopt;
    if (!entry) {
        answering_ = Answering::nothing;
        return line("ok calls={}", cursor_);
    }
    ++cursor_;
    const hcall::Row* row = hcall::find(entry->token);
    out_size_ = out_sent_ = 0;
    append("+ timebase={} vcpu={} call={} token={:#x}", entry->timebase, entry->vcpu,
           row == nullptr ? "unknown" : row->name, entry->token);
    const std::size_t inputs = row == nullptr ? entry->inputs.size() : row->shape.inputs;
    for (std::size_t i = 0; i < std::min(inputs, entry->inputs.size()); ++i)
        append(" r{}={:#x}", 4 + i, entry->inputs[i]);
    append(" status={}", entry->status);
    end_line();
}

} // namespace transom::manage
