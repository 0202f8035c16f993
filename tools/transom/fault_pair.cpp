// SPDX-License-Identifier: Apache-2.0
#include "fault_pair.hpp"

#include "failure.hpp"
#include "paths.hpp"

#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr std::array phases = {MoveState::connecting, MoveState::pre_copying,  MoveState::copying,
                               MoveState::confirming, MoveState::post_copying, MoveState::completed};

MachineOptions with_fault_image(MachineOptions options) {
    if (options.image.empty())
        options.image = (power_build_directory() / "transom-faults.elf").string();
    return options;
}

std::map<std::uint16_t, std::uint64_t> records_in(const Fields& said) {
    std::map<std::uint16_t, std::uint64_t> records;
    for (const auto& [key, value] : said.all())
        if (key.starts_with("record_"))
            records[static_cast<std::uint16_t>(std::stoul(key.substr(7)))] = std::stoull(value);
    return records;
}

} // namespace

FaultPair::FaultPair(const MigrateOptions& options, Clock::time_point until)
    : options_(options), until_(until), guest_(make_guest(options)), manifest_(guest_manifest(*guest_, options)),
      pair_(options, prepare_partition_machine(with_fault_image(options.common), "migrate")),
      mode_(options.modes.empty() ? "hybrid" : options.modes.front()) {}

void FaultPair::start() {
    here_ = 0;
    pair_.start(manifest_, until_);
    guest_->boot(*pair_[0].machine, until_);
}

void FaultPair::kill(End end) { pair_.kill(end == End::source ? here_ : 1 - here_); }

void FaultPair::check_running() {
    for (const End end : {End::source, End::target})
        if (at(end).machine != nullptr)
            machine(end).check_running();
}

void FaultPair::order_move() {
    const auto limit = enough();
    std::string request = fmt::format("migrate partition={} to={} mode={} order={} connections={}", guest_->partition(),
                                      at(End::target).link_address, mode_, options_.order, options_.connections);
    if (options_.compat)
        request += " compat=yes";
    if (options_.downtime_ms)
        request += fmt::format(" downtime-ms={}", *options_.downtime_ms);
    if (options_.bandwidth_mb)
        request += fmt::format(" bandwidth={}", *options_.bandwidth_mb * std::uint64_t{1'000'000});
    for (;;) {
        const Answer answer = management(End::source).request(request);
        if (answer.ok())
            return;
        if (!answer.error().starts_with("busy") || Clock::now() >= limit)
            fail("the move is refused: {}", answer.error());
        std::this_thread::sleep_for(poll_interval);
    }
}

/// Who does not answer is named. A host that has more to do than it can lets a machine stand still for longer than others would wait.
Answer FaultPair::demand(End end, std::string_view request) {
    constexpr auto patience = std::chrono::seconds(60);
    const HostTime before = machine(end).had_of_host();
    try {
        return management(end).demand(request, patience);
    } catch (const Failure& failure) {
        fail("machine {}: {} ({})", machine(end).name(), failure.what(),
             describe_host_time(before, machine(end).had_of_host()));
    }
}

std::string FaultPair::partition(End end) {
    for (const Fields& row : demand(end, "status").rows())
        if (row.text("partition") == guest_->partition())
            if (const std::string state = row.text("state"); state != "moved-away" && state != "defined")
                return state;
    return {};
}

std::uint64_t FaultPair::free_memory(End end) {
    const Fields said = demand(end, "status").result();
    return said.number("free").value_or(0) + said.number("scrubbing").value_or(0);
}

Fields FaultPair::state_of(const FaultCell& cell) {
    return demand(cell.sender, cell.layer == Layer::sealed ? "fault layer=sealed" : "fault").result();
}

bool FaultPair::has_happened(const FaultCell& cell) { return state_of(cell).text("fault") == "happened"; }

Happened FaultPair::happened(const FaultCell& cell) {
    if (cell.record == 0)
        return {.phase = cell.phase};
    const Fields said = state_of(cell);
    const auto phase = migrate::move_state(said.text("phase"));
    if (!phase)
        fail("{} does not say in which phase the fault was", machine(cell.sender).name());
    return {.phase = *phase,
            .beside = said.has("on_channel") || (cell.layer == Layer::sealed && said.number("connection") != 1)};
}

void FaultPair::disarm(End end) {
    demand(end, "fault do=nothing");
    demand(end, "fault layer=sealed do=nothing");
}

MoveCounts FaultPair::counts() {
    MoveCounts counts;
    for (const End end : {End::source, End::target}) {
        for (const MoveState phase : phases) {
            const auto ask = [&](std::string_view layer) {
                return records_in(demand(end, fmt::format("fault{} phase={}", layer, name(phase))).result());
            };
            if (auto records = ask(""); !records.empty())
                counts.of(Layer::stream, end)[phase] = std::move(records);
            if (const auto sealed = ask(" layer=sealed"); sealed.contains(tls_data))
                counts.of(Layer::sealed, end)[phase][tls_data] = sealed.at(tls_data);
        }
        const auto all = records_in(demand(end, "fault layer=sealed").result());
        if (all.contains(tls_handshake))
            counts.of(Layer::sealed, end)[MoveState::connecting][tls_handshake] = all.at(tls_handshake);
    }
    return counts;
}

bool is_over(std::string_view state) {
    return state == "completed" || state == "failed" || state == "refused" || state == "none";
}

} // namespace transom::tool
