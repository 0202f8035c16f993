// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "interruption.hpp"
#include "json_file.hpp"
#include "order.hpp"
#include "progress.hpp"

#include <algorithm>
#include <ranges>
#include <thread>

// Where partitions lie among the nodes of a machine, and their way to better places: docs/affinity.md.

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(100);
constexpr std::uint64_t mib = 1 << 20;

/// "268435456,0"
std::vector<std::uint64_t> numbers(std::string_view list) {
    std::vector<std::uint64_t> values;
    for (const auto part : std::views::split(list, ','))
        values.push_back(std::strtoull(std::string(std::string_view(part)).c_str(), nullptr, 10));
    return values;
}

nlohmann::ordered_json score_json(const std::string& text) {
    return text == "none" || text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(std::stod(text));
}

nlohmann::ordered_json node_json(const Fields& row) {
    return {{"node", row.number("node").value_or(0)},
            {"memory_bytes", row.number("memory").value_or(0)},
            {"free_bytes", row.number("free").value_or(0)},
            {"processing", row.number("processing").value_or(0)},
            {"distances", numbers(row.text("distances"))}};
}

nlohmann::ordered_json place_json(const Fields& row) {
    return {{"partition", row.text("partition")},
            {"composite", score_json(row.text("composite"))},
            {"claimed", score_json(row.text("claimed"))},
            {"memory_bytes", numbers(row.text("memory"))},
            {"processing", numbers(row.text("processing"))},
            {"page_table", row.number("page-table").value_or(0)},
            {"protected", row.text("protected") == "yes"}};
}

std::string in_mib(const std::string& list) {
    return fmt::format("{}", fmt::join(numbers(list) | std::views::transform([](auto n) { return n / mib; }), "+"));
}

void print_node(const Fields& row) {
    fmt::print("node {}: {} MiB, {} MiB free, {} hundredths of a processor, distances {}\n", row.text("node"),
               row.number("memory").value_or(0) / mib, row.number("free").value_or(0) / mib, row.text("processing"),
               row.text("distances"));
}

void print_place(const Fields& row, std::size_t width) {
    fmt::print("{:{}}  {:>9}  {:>9}  {:>14}  {:>10}  {:>10}  {:>9}\n", row.text("partition"), width,
               row.text("composite"), row.text("claimed"), in_mib(row.text("memory")), row.text("processing"),
               row.text("page-table"), row.text("protected"));
}

nlohmann::ordered_json job_json(const Fields& job, std::uint64_t timebase) {
    nlohmann::ordered_json json{{"state", job.text("state")}};
    if (job.has("partition"))
        json["partition"] = job.text("partition");
    for (const char* key : {"steps", "steps_done", "blocks", "blocks_moved", "pages_copied", "pages_at_last"})
        json[key] = job.number(key).value_or(0);
    for (const char* key : {"before", "predicted", "after"})
        if (job.has(key))
            json[key] = score_json(job.text(key));
    const auto microseconds = [&](const char* key) {
        return timebase == 0 ? 0 : job.number(key).value_or(0) * 1'000'000 / timebase;
    };
    json["longest_closed_us"] = microseconds("longest_closed_ticks");
    json["stopped_us"] = microseconds("stopped_ticks");
    json["us"] = microseconds("ticks");
    for (const char* key : {"refusal", "failure"})
        if (job.has(key))
            json[key] = job.text(key);
    return json;
}

bool is_under_way(std::string_view state) { return state == "planning" || state == "running" || state == "stopping"; }

std::string job_line(const Fields& job, std::uint64_t timebase) {
    const std::string what = job.has("partition") ? job.text("partition") : "the machine";
    const std::string state = job.text("state");
    if (state == "none")
        return "nothing has been reallocated on this machine";
    std::string line = fmt::format("{}: {}", what, state);
    for (const char* key : {"refusal", "failure"})
        if (job.has(key))
            line += fmt::format(": {}", job.text(key));
    line += fmt::format("; {} of {} steps, {} of {} blocks", job.text("steps_done"), job.text("steps"),
                        job.text("blocks_moved"), job.text("blocks"));
    if (job.has("before") && job.has("after"))
        line += fmt::format(", score {} to {}", job.text("before"), job.text("after"));
    if (job.has("predicted"))
        line += fmt::format(" (predicted {})", job.text("predicted"));
    if (timebase != 0 && job.number("longest_closed_ticks").value_or(0) != 0)
        line += fmt::format(", a block closed for {} us at most",
                            *job.number("longest_closed_ticks") * 1'000'000 / timebase);
    return line;
}

void print_potential(std::string_view name, std::size_t width, std::string_view score, std::string_view potential,
                     std::string_view blocks, std::string_view refusal) {
    fmt::print("{:{}}  {:>9}  {:>9}  {:>6}{}{}\n", name, width, score, potential, blocks, refusal.empty() ? "" : "  ",
               refusal);
}

nlohmann::ordered_json step_json(const Fields& row) {
    return {{"partition", row.text("partition")},       {"what", row.text("what")},
            {"from", row.number("from").value_or(0)},   {"to", row.number("to").value_or(0)},
            {"count", row.number("count").value_or(0)}, {"copies", row.number("copies").value_or(0)},
            {"gain", score_json(row.text("gain"))},     {"with_next", row.text("with-next") == "yes"}};
}

/// The first steps of the plan of the last reallocation; more of them than the machine tells are only counted.
nlohmann::ordered_json show_steps(ManagementClient& machine) {
    auto steps = nlohmann::ordered_json::array();
    const Answer answer = machine.demand("reallocation steps=yes");
    for (const Fields& row : answer.rows()) {
        fmt::print("{:>3}. {}: {} {} from node {} to node {}, {} blocks copied, {} points{}\n", row.text("step"),
                   row.text("partition"), row.text("count"), row.text("what"), row.text("from"), row.text("to"),
                   row.text("copies"), row.text("gain"), row.text("with-next") == "yes" ? ", together with" : "");
        steps.push_back(step_json(row));
    }
    if (const auto all = answer.result().number("steps").value_or(0); all > steps.size())
        fmt::print("     and {} more\n", all - steps.size());
    return steps;
}

/// Until it is over: how it ended.
Fields watch(ManagementClient& machine) {
    Progress progress{"reallocation"};
    for (;;) {
        Fields job = machine.demand("reallocation").result();
        const auto blocks = static_cast<double>(job.number("blocks").value_or(0));
        const auto moved = static_cast<double>(job.number("blocks_moved").value_or(0));
        progress.update(blocks == 0 ? 0 : moved / blocks, fmt::format("{}: {} of {} blocks", job.text("state"),
                                                                      job.text("blocks_moved"), job.text("blocks")));
        if (!is_under_way(job.text("state")))
            return job;
        std::this_thread::sleep_for(poll_interval);
    }
}

/// Shows how the reallocation goes on and how it ended, in `json` too. Fails where that was no good end.
int watch_to_the_end(ManagementClient& machine, const OrderOptions& options, const JsonFile& json) {
    const std::uint64_t timebase = machine.hello().number("timebase").value_or(0);
    try {
        const Fields job = watch(machine);
        nlohmann::ordered_json report = job_json(job, timebase);
        if (job.text("state") != "none")
            report["first_steps"] = show_steps(machine);
        fmt::print("{}\n", job_line(job, timebase));
        const bool good = job.text("state") != "failed";
        json.write({{"result", good ? "ok" : "failed"}, {"reallocation", report}});
        if (!good)
            fail("the reallocation has ended between two steps: {}", job.text("failure"));
    } catch (const Interrupted&) {
        fmt::print(stderr, "\nthe reallocation goes on; transom affinity stop --management {} ends it\n",
                   options.management);
        throw;
    }
    return 0;
}

} // namespace

int affinity_score(const OrderOptions& options) {
    const JsonFile json(options.json);
    const Answer answer = connect_for_orders(options).demand("affinity");
    auto nodes = nlohmann::ordered_json::array(), partitions = nlohmann::ordered_json::array();
    std::size_t width = std::string_view("partition").size();
    for (const Fields& row : answer.rows()) {
        width = std::max(width, row.text("partition").size());
        if (row.has("node"))
            print_node(row);
    }
    fmt::print("{:{}}  {:>9}  {:>9}  {:>14}  {:>10}  {:>10}  {:>9}\n", "partition", width, "composite", "claimed",
               "MiB by node", "processing", "page table", "protected");
    for (const Fields& row : answer.rows()) {
        if (!row.has("node"))
            print_place(row, width);
        (row.has("node") ? nodes : partitions).push_back(row.has("node") ? node_json(row) : place_json(row));
    }
    fmt::print("score of the machine: {}\n", answer.result().text("system"));
    json.write({{"result", "ok"},
                {"system", score_json(answer.result().text("system"))},
                {"nodes", nodes},
                {"partitions", partitions}});
    return 0;
}

int affinity_potential(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    const Answer standing = machine.demand("affinity");
    auto partitions = nlohmann::ordered_json::array();
    std::size_t width = std::string_view("partition").size();
    for (const Fields& row : standing.rows())
        width = std::max(width, row.text("partition").size());
    print_potential("partition", width, "score", "potential", "blocks", "");
    for (const Fields& row : standing.rows()) {
        if (row.has("node"))
            continue;
        const std::string name = row.text("partition"), score = row.text("composite");
        const Answer asked = machine.request(fmt::format("reallocate only-plan=yes if-worth=yes partition={}", name));
        if (!asked.ok() && asked.error().starts_with("busy"))
            fail("{}", asked.error());
        if (!asked.ok()) {
            print_potential(name, width, score, "-", "-", asked.error());
            partitions.push_back({{"partition", name}, {"score", score_json(score)}, {"refusal", asked.error()}});
            continue;
        }
        const Fields job = watch(machine);
        if (job.text("state") != "planned")
            fail("no plan could be made for {}: {}", name, job_line(job, 0));
        print_potential(name, width, score, job.text("predicted"), job.text("blocks"), job.text("refusal"));
        partitions.push_back({{"partition", name},
                              {"score", score_json(score)},
                              {"potential", score_json(job.text("predicted"))},
                              {"blocks", job.number("blocks").value_or(0)}});
        if (job.has("refusal"))
            partitions.back()["refusal"] = job.text("refusal");
    }
    json.write({{"result", "ok"}, {"partitions", partitions}});
    return 0;
}

int reallocate(const ReallocateOptions& options) {
    const JsonFile json(options.common.json);
    std::string request = "reallocate";
    const auto add_names = [&](const char* key, const std::vector<std::string>& names) {
        for (std::size_t i = 0; i < names.size(); ++i)
            request += i == 0 ? fmt::format(" {}={}", key, partition_word(names[i])) : "," + partition_word(names[i]);
    };
    const auto add_number = [&](const char* key, std::optional<unsigned> number) {
        if (number)
            request += fmt::format(" {}={}", key, *number);
    };
    add_names("partition", options.requested);
    add_names("protect", options.protects);
    add_number("to-node", options.to_node);
    add_number("affinity-threshold", options.threshold);
    add_number("affinity-delta", options.delta);
    add_number("cooldown", options.cooldown_s);
    if (options.bandwidth_mb)
        request += fmt::format(" bandwidth={}", *options.bandwidth_mb * std::uint64_t{1'000'000});
    if (options.if_worth)
        request += " if-worth=yes";
    if (options.only_plan)
        request += " only-plan=yes";
    ManagementClient machine = connect_for_orders(options.common);
    demand_good(machine.request(request));
    return watch_to_the_end(machine, options.common, json);
}

int affinity_watch(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    return watch_to_the_end(machine, options, json);
}

int affinity_stop(const OrderOptions& options) {
    const JsonFile json(options.json);
    ManagementClient machine = connect_for_orders(options);
    demand_good(machine.request("stop-reallocation"));
    return watch_to_the_end(machine, options, json);
}

} // namespace transom::tool
