// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "kept_operator.hpp"
#include "order.hpp"
#include "progress.hpp"

#include <transom/migrate/checksum.hpp>

namespace transom::tool {

namespace {

std::string running_machines() {
    std::vector<std::string> machines;
    for (const std::uint16_t port : kept_ports())
        machines.push_back(fmt::format("127.0.0.1:{}", port));
    return machines.empty() ? "no machine of this user runs"
                            : fmt::format("machines that run: {}", fmt::join(machines, ", "));
}

} // namespace

ManagementClient connect_for_orders(const OrderOptions& options) {
    constexpr auto patience = std::chrono::seconds(5);
    const Endpoint endpoint = parse_endpoint(options.management);
    auto keys = read_operator_keys(options.key, options.machine_key);
    if (!keys)
        keys = kept_operator(endpoint);
    if (!keys)
        fail("--management {}: no key for it is kept here, in {}, where transom run keeps one for as long as it runs; "
             "{}; any other "
             "machine needs --key and --machine-key",
             options.management, kept_keys_directory().string(), running_machines());
    return {endpoint, *keys, Clock::now() + patience, [] {}};
}

std::string partition_word(const std::string& name) {
    if (name.empty() || name.find_first_of(" \t\r\n\"=") != std::string::npos)
        fail("'{}' is no name of a partition", name);
    return name;
}

void demand_good(const Answer& answer) {
    if (!answer.ok())
        fail("{}", answer.error());
}

int define(const DefineOptions& options) {
    const JsonFile json(options.common.json);
    const ManifestFile manifest = read_manifest(options.manifest);
    const auto names = partition_names(manifest);
    const auto bundle = build_bundle(manifest, {});
    ManagementClient machine = connect_for_orders(options.common);
    Progress progress("upload");
    const auto began = Clock::now();
    const auto whole = static_cast<double>(bundle.size());
    const auto request = fmt::format("define bytes={} digest={:016x}", bundle.size(), migrate::xxh64(bundle));
    const Answer answer = machine.upload(request, bundle, [&](std::size_t sent) {
        progress.update(static_cast<double>(sent) / whole, fmt::format("of {:.1f} MiB", whole / (1 << 20)));
    });
    demand_good(answer);
    const double seconds = seconds_since(began);
    progress.done(
        fmt::format("{:.1f} MiB in {:.2f} s; defined: {}", whole / (1 << 20), seconds, fmt::join(names, ", ")));
    json.write({{"result", "ok"}, {"partitions", names}, {"bytes", bundle.size()}, {"seconds", seconds}});
    return 0;
}

int order(std::string_view verb, const OrderOptions& options) {
    constexpr auto interval = std::chrono::seconds(5); // memory is scrubbed meanwhile
    const JsonFile json(options.json);
    const std::string request =
        fmt::format("{} partition={}{}", verb, partition_word(options.partition), options.force ? " force=yes" : "");
    const auto began = Clock::now();
    demand_good(connect_for_orders(options).request_patiently(request, interval, [&] {
        fmt::print(stderr, "{} {}: the machine is still at it after {:.0f} s\n", verb, options.partition,
                   seconds_since(began));
    }));
    fmt::print("{}: {}\n", options.partition,
               verb == "start"   ? "started"
               : verb == "stop"  ? "stopped"
               : verb == "reset" ? "started anew"
                                 : "removed");
    json.write({{"result", "ok"}, {"order", verb}, {"partition", options.partition}});
    return 0;
}

} // namespace transom::tool
