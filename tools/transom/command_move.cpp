// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "move_line.hpp"
#include "move_progress.hpp"
#include "order.hpp"
#include "progress.hpp"

#include <thread>

// A partition's way to another machine, for machines that run already.

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(100);

std::string request_of(const MoveOptions& options) {
    std::string request =
        fmt::format("migrate partition={} to={}", partition_word(options.common.partition), options.to);
    if (options.port)
        request += fmt::format(" port={}", *options.port);
    if (!options.mode.empty())
        request += fmt::format(" mode={}", options.mode);
    if (!options.order.empty())
        request += fmt::format(" order={}", options.order);
    if (options.connections)
        request += fmt::format(" connections={}", *options.connections);
    if (options.downtime_ms)
        request += fmt::format(" downtime-ms={}", *options.downtime_ms);
    if (options.bandwidth_mb)
        request += fmt::format(" bandwidth={}", *options.bandwidth_mb * std::uint64_t{1'000'000});
    if (options.compat)
        request += " compat=yes";
    if (options.check)
        request += " check=yes";
    return request;
}

/// Until it is over: how it ended.
Fields watch(ManagementClient& machine, const std::string& partition, Clock::time_point asked, std::string_view label) {
    Progress progress{std::string(label)};
    MoveProgress shown(asked);
    for (;;) {
        Fields move = machine.demand("migration").result();
        // It tells of one move at a time, and somebody else may have ordered the next.
        if (move.text("partition") != partition || move.text("role") != "source")
            fail("another move has begun at that machine since: of {} see transom list at both machines", partition);
        shown.take(move, Clock::now());
        progress.update(shown.fraction(), shown.text());
        if (!is_under_way(move.text("state")))
            return move;
        std::this_thread::sleep_for(poll_interval);
    }
}

std::string verdict(const Fields& move) {
    const std::string partition = move.text("partition"), state = move.text("state");
    if (state == "in-doubt")
        return fmt::format("{} is in doubt: {}; see transom recover", partition, move.text("error"));
    return fmt::format("{} goes on where it was; the move is {}: {} ({})", partition, state, move.text("error"),
                       move.text("error_name"));
}

} // namespace

int move(const MoveOptions& options) {
    const JsonFile json(options.common.json);
    const std::string request = request_of(options);
    ManagementClient machine = connect_for_orders(options.common);
    const auto asked = Clock::now();
    demand_good(machine.request(request));
    try {
        const Fields end = watch(machine, options.common.partition, asked,
                                 fmt::format("{} to {}", options.common.partition, options.to));
        const std::string state = end.text("state");
        fmt::print("{}\n", move_line(end, machine.hello().number("timebase").value_or(0)));
        const bool good = state == (options.check ? "checked" : "completed");
        json.write({{"result", good ? "ok" : "failed"}, {"migration", move_json(end)}});
        if (!good)
            fail("{}", verdict(end));
    } catch (const Interrupted&) {
        fmt::print(stderr, "\nthe move goes on; transom cancel --management {} ends it\n", options.common.management);
        throw;
    }
    return 0;
}

int migration(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    const Fields move = machine.demand("migration").result();
    fmt::print("{}\n", move_line(move, machine.hello().number("timebase").value_or(0)));
    json.write({{"result", "ok"}, {"migration", move_json(move)}});
    return 0;
}

int cancel(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    demand_good(machine.request("cancel"));
    const Fields move = machine.demand("migration").result();
    fmt::print("cancelled; {}\n", move_line(move, machine.hello().number("timebase").value_or(0)));
    json.write({{"result", "ok"}, {"migration", move_json(move)}});
    return 0;
}

int recover(const RecoverOptions& options) {
    constexpr auto interval = std::chrono::seconds(5);
    const JsonFile json(options.common.json);
    const std::string& name = options.common.partition;
    std::string request = fmt::format("recover partition={}", partition_word(options.common.partition));
    if (!options.owner.empty())
        request += fmt::format(" owner={}", options.owner);
    if (!options.force.empty())
        request += fmt::format(" force={}", options.force);
    const Answer answer = connect_for_orders(options.common).request_patiently(request, interval, [&] {
        fmt::print(stderr, "recover {}: the other machine has not answered yet\n", name);
    });
    demand_good(answer);
    const std::string owner = answer.result().text("owner");
    fmt::print("{} {}\n", name,
               owner == "here" ? "goes on here"
                               : "is the other machine's: its memory here is freed when that has all of it");
    json.write({{"result", "ok"}, {"partition", name}, {"owner", owner}});
    return 0;
}

int shut_down(const OrderOptions& options) {
    const JsonFile json(options.json);
    demand_good(connect_for_orders(options).request("shutdown"));
    fmt::print("the machine powers off\n");
    json.write({{"result", "ok"}, {"order", "shutdown"}});
    return 0;
}

} // namespace transom::tool
