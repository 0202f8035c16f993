// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <algorithm>
#include <transom/manage/connection.hpp>
#include <transom/migrate/record.hpp>
#include <utility>

namespace transom::manage {

namespace {

constexpr std::string_view verbs =
    "use hello, status, define, start, stop, reset, remove, console, migrate, "
    "migration, passes, cancel, recover, affinity, reallocate, reallocation, stop-reallocation, "
    "digest, calls, trace, report or shutdown";

} // namespace

void Connection::end_line() { out_[out_size_++] = '\n'; }

/// What the peer said is repeated with everything unprintable made harmless.
void Connection::error(std::string_view name, std::string_view word, std::string_view remedy) {
    std::array<char, 64> shown;
    const std::size_t n = std::min(word.size(), shown.size());
    std::transform(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(n), shown.begin(),
                   [](char c) { return c < ' ' || c > '~' || c == '"' ? '?' : c; });
    line("error {}: \"{}\": {}", name, std::string_view(shown.data(), n), remedy);
}

void Connection::start_answer(std::string_view text) {
    auto request = Request::parse(text);
    if (!request)
        return error(request.error().name, request.error().word,
                     "words are key=value or key=\"a value\", each key once");
    cursor_ = 0;
    const std::string_view verb = request->verb();
    if (verb == "start" || verb == "stop" || verb == "reset" || verb == "remove")
        return start_life(*request);
    if (verb == "define")
        return start_define(*request);
    if (verb == "migrate")
        return start_migrate(*request);
    if (verb == "digest")
        return start_digest(*request);
    if (verb == "recover")
        return start_recover(*request);
    if (verb == "fault" && machine_->faults(fault::Layer::stream) != nullptr)
        return order_fault(*request);
    if (verb == "console")
        return start_console(*request);
    if (verb == "calls")
        return start_calls(*request);
    if (verb == "trace")
        return start_trace(*request);
    if ((verb == "affinity" || verb == "reallocate" || verb == "reallocation" || verb == "stop-reallocation") &&
        machine_->reallocator() != nullptr)
        return order_affinity(*request);
    constexpr std::array<std::string_view, 7> plain{"hello",  "status", "migration", "passes",
                                                    "cancel", "report", "shutdown"};
    if (std::find(plain.begin(), plain.end(), verb) == plain.end())
        return error("unknown-verb", verb, verbs);
    if (const auto key = request->left_over())
        return error("unknown-key", *key, "this verb has no keys");
    if (verb == "hello") {
        const MachineInfo info = machine_->info();
        line("ok transom={} protocol=1 machine={} cpu={} timebase={}", info.version, info.machine, info.cpu,
             info.timebase_frequency);
    } else if (verb == "status") {
        answering_ = Answering::status;
    } else if (verb == "report") {
        answering_ = Answering::report;
    } else if (verb == "migration") {
        answer_migration();
    } else if (verb == "passes") {
        answering_ = Answering::passes;
    } else if (verb == "cancel") {
        if (machine_->cancel())
            line("ok");
        else
            error("nothing-to-cancel", verb,
                  "no move is in progress, or the target has been told to run the partition");
    } else {
        line("ok");
        shut_down_ = true;
    }
}

void Connection::start_migrate(Request& request) {
    const auto partition = request.take("partition");
    const auto to = request.take("to");
    const auto port = request.take("port");
    const auto corrupt = request.take("test-corrupt-page");
    const auto compat = request.take("compat");
    const auto mode = request.take("mode");
    const auto order_of_pages = request.take("order");
    const auto connections = request.take("connections");
    const auto check = request.take("check");
    const auto downtime = request.take("downtime-ms");
    const auto bandwidth = request.take("bandwidth");
    if (const auto key = request.left_over())
        return error(
            "unknown-key", *key,
            "migrate has partition, to, port, compat, mode, order, connections, check, downtime-ms, bandwidth and "
            "test-corrupt-page");
    if (!partition || !to)
        return error("missing-key", partition ? "to" : "partition", "migrate needs partition=NAME and to=ADDRESS");
    MigrateRequest order{.partition = *partition, .to = {}, .port = migrate::migration_port, .options = {}};
    const auto address = parse_address(*to);
    if (!address)
        return error("bad-value", *to, "to is an address like 10.77.0.2");
    order.to = *address;
    if (port) {
        const auto number = parse_number(*port);
        if (!number || *number == 0 || *number > 65534)
            return error("bad-value", *port, "port is a number from 1 to 65534: the one after it is for questions");
        order.port = static_cast<std::uint16_t>(*number);
    }
    if (corrupt) {
        order.options.corrupt_page = parse_number(*corrupt);
        if (!order.options.corrupt_page)
            return error("bad-value", *corrupt, "test-corrupt-page is the number of a granule");
    }
    if (compat && *compat != "yes" && *compat != "no")
        return error("bad-value", *compat, "compat is yes (a processor of the same generation suffices) or no");
    if (compat == "yes")
        order.options.fit = migrate::Fit::same_generation;
    if (mode) {
        const auto known = migrate::move_mode(*mode);
        if (!known)
            return error("bad-value", *mode, "mode is pre-copy, hybrid, post-copy or stop-and-copy");
        order.options.mode = *known;
    }
    if (order_of_pages) {
        const auto known = migrate::order_policy(*order_of_pages);
        if (!known)
            return error("bad-value", *order_of_pages, "order is state (what is not stored to first) or address");
        order.options.order = *known;
    }
    if (connections) {
        const auto number = parse_number(*connections);
        if (!number || *number == 0 || *number > migrate::max_connections)
            return error("bad-value", *connections, "connections is a number from 1 to 8");
        order.options.connections = static_cast<unsigned>(*number);
    }
    if (check && *check != "yes" && *check != "no")
        return error("bad-value", *check, "check is yes (find out whether it could move, and no more) or no");
    order.options.check_only = check == "yes";
    if (downtime) {
        const auto number = parse_number(*downtime);
        if (!number || *number > migrate::longest_downtime_ms)
            return error("bad-value", *downtime, "downtime-ms is a number of milliseconds up to 5000");
        order.options.downtime_ms = static_cast<std::uint32_t>(*number);
    }
    if (bandwidth) {
        const auto number = parse_number(*bandwidth);
        if (!number || *number < migrate::least_bandwidth)
            return error("bad-value", *bandwidth, "bandwidth is a number of bytes a second, 1000000 or more");
        order.options.bandwidth = *number;
    }
    if (const auto started = machine_->migrate(order); !started)
        return line("error {}: {}", migrate::name(started.error().error), started.error().text());
    line("ok migration=started");
}

void Connection::start_digest(Request& request) {
    const auto partition = request.take("partition");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "digest has partition");
    if (!partition)
        return error("missing-key", "partition", "digest needs partition=NAME");
    const auto table = machine_->digests(*partition);
    if (!table)
        return error("no-digests", *partition, "the last completed move from or to this machine was not its");
    if (partition->size() >= digests_of_.size())
        return error("no-digests", *partition, "the name of a partition is shorter");
    digests_of_ = {};
    std::copy(partition->begin(), partition->end(), digests_of_.begin());
    digest_count_ = table->digests.size();
    answering_ = Answering::digest;
}

bool Connection::next_line() {
    switch (answering_) {
    case Answering::status:
        next_status();
        break;
    case Answering::digest:
        next_digests();
        break;
    case Answering::report:
        next_counter();
        break;
    case Answering::calls:
        next_call();
        break;
    case Answering::trace:
        next_trace();
        break;
    case Answering::standing:
        next_standing();
        break;
    case Answering::steps:
        next_step();
        break;
    case Answering::passes:
        next_pass();
        break;
    case Answering::order:
        return end_life();
    case Answering::recovery:
        return end_recover();
    case Answering::nothing:
        return false;
    }
    return true;
}

void Connection::next_digests() {
    // Asked for again with every line: the next move has its table in the same place.
    const auto table = machine_->digests(digests_of_.data());
    if (!table || table->digests.size() != digest_count_) {
        answering_ = Answering::nothing;
        return error("no-digests", digests_of_.data(), "another move has begun: ask again after it");
    }
    const auto all = table->digests;
    if (cursor_ == all.size()) {
        answering_ = Answering::nothing;
        return line("ok pages={} granule={} algorithm=xxh64", all.size(), table->granule);
    }
    out_size_ = out_sent_ = 0;
    append("+ first={} hashes=", cursor_);
    const std::size_t end = std::min(all.size(), cursor_ + digests_per_line);
    for (std::size_t i = cursor_; i < end; ++i)
        append("{}{:016x}", i == cursor_ ? "" : ",", all[i]);
    cursor_ = end;
    end_line();
}

void Connection::next_counter() {
    const auto counter = machine_->counter(cursor_);
    if (!counter) {
        answering_ = Answering::nothing;
        return line("ok");
    }
    ++cursor_;
    line("+ {}={}", counter->name, counter->value);
}

} // namespace transom::manage
