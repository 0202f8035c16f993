// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory_pipe.hpp"

#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <list>
#include <string>
#include <transom/manage/service.hpp>
#include <transom/partition/create.hpp>

namespace transom::manage {

struct TestMachine final : Machine {
    std::unique_ptr<partition::Partition> debian = std::make_unique<partition::Partition>();
    migrate::Progress progress;
    std::optional<MigrateRequest> order;
    std::string ordered_partition;
    std::optional<migrate::Failure> refusal;
    std::vector<std::uint64_t> hashes;
    bool reads_what_it_frees = false;
    unsigned digests_for = ~0u; // how many calls of digests() until the next move takes the table
    std::vector<std::pair<std::string, migrate::Owner>> forced;
    std::vector<std::string> asked_about; // by recover,
    migrate::Recovery recovered;          // and what came of it
    std::vector<std::string> orders;      // about the life of partitions
    std::optional<Refusal> refused;
    std::list<std::vector<std::byte>> room_for_bundles;
    std::vector<std::string> defined;
    int dropped = 0;
    int waiting = 0;
    std::string starting = "?";  // the partition that is still being built
    std::string abandoned = "?"; // and one that is not any more
    std::uint64_t to_scrub = 0;
    std::uint64_t scrubbed = 0;
    bool cancellable = false;
    bool ended = false;
    relocate::Reallocator* nodes = nullptr;
    partition::Partition* among_nodes = nullptr; // that it can move

    TestMachine() {
        std::string_view("debian").copy(debian->name_storage.data(), 31);
        debian->state = partition::PartitionState::running;
        debian->share.used = 77;
        for (partition::Vcpu& vcpu : debian->vcpus)
            vcpu.partition = debian.get();
        debian->vcpu_count = 1;
        if (!debian->memory.add_block({0x40000000}))
            throw std::runtime_error("add_block");
    }
    MachineInfo info() override { return {"0.1.0", "powernv9", "POWER9", 512000000}; }
    std::optional<Listed> listed(std::size_t index) override {
        if (index != 0)
            return std::nullopt;
        return Listed{.name = debian->name(),
                      .state = "running",
                      .from = "boot",
                      .memory = debian->memory.size(),
                      .virtual_processors = debian->vcpu_count,
                      .granule = debian->granule,
                      .page_table = Bytes{1} << debian->hpt.log2_bytes(),
                      .run_ticks = debian->share.used,
                      .entitled_capacity = 5,
                      .capacity_weight = 128,
                      .processors = "shared"};
    }
    Room room() override {
        return {.free_memory = mib(3), .dirty_memory = kib(64), .capacity = 200, .unallocated = 195};
    }
    Done order_life(std::string_view verb, std::string_view name, bool force = false) {
        if (refused)
            return std::unexpected(*refused);
        orders.push_back(fmt::format("{} {}{}", verb, name, force ? " by force" : ""));
        return {};
    }
    Done start(std::string_view name, bool force) override { return order_life("start", name, force); }
    Done stop(std::string_view name, bool force) override { return order_life("stop", name, force); }
    Done reset(std::string_view name) override { return order_life("reset", name); }
    Done remove(std::string_view name) override { return order_life("remove", name); }
    std::optional<Done> started(std::string_view name) override {
        if (name == abandoned)
            return refuse("not-running", "{} was stopped", name);
        return name == starting ? std::nullopt : std::optional(Done());
    }
    std::uint64_t scrub_mark() override { return to_scrub; }
    bool was_scrubbed(std::uint64_t mark) override { return scrubbed >= mark; }
    void operator_waits() override { ++waiting; }
    void operator_answered() override { --waiting; }
    std::expected<std::span<std::byte>, Refusal> reserve(Bytes size) override {
        if (size > 1000)
            return refuse("no-memory", "a bundle of {} bytes", size);
        return room_for_bundles.emplace_back(size);
    }
    std::expected<std::size_t, Refusal> define(std::span<std::byte> bundle) override {
        if (refused)
            return std::unexpected(*refused);
        defined.emplace_back(reinterpret_cast<const char*>(bundle.data()), bundle.size());
        return 2;
    }
    void drop(std::span<std::byte>) override { ++dropped; }
    partition::Partition* find(std::string_view name) override {
        if (among_nodes != nullptr && name == among_nodes->name())
            return among_nodes;
        return debian != nullptr && name == debian->name() ? debian.get() : nullptr;
    }
    std::expected<void, migrate::Failure> migrate(const MigrateRequest& request) override {
        if (refusal)
            return std::unexpected(*refusal);
        order = request;
        ordered_partition = request.partition;
        return {};
    }
    const migrate::Progress& migration() override { return progress; }
    bool cancel() override { return cancellable; }
    std::expected<void, migrate::Failure> recover(std::string_view name) override {
        if (refusal)
            return std::unexpected(*refusal);
        asked_about.emplace_back(name);
        return {};
    }
    migrate::Recovery recovery(std::string_view) override { return recovered; }
    std::expected<void, migrate::Failure> force(std::string_view name, migrate::Owner owner) override {
        if (refusal)
            return std::unexpected(*refusal);
        forced.emplace_back(std::string(name), owner);
        using enum migrate::Recovery::Outcome;
        recovered = {.outcome = owner == migrate::Owner::here ? here : reads_what_it_frees ? asking : there};
        return {};
    }
    std::optional<DigestTable> digests(std::string_view name) override {
        if (name != "debian" || digests_for == 0)
            return std::nullopt;
        --digests_for;
        return DigestTable{hashes, kib(64)};
    }
    std::optional<Counter> counter(std::size_t index) override {
        constexpr std::array<Counter, 2> counters{{{"boot_ticks", 12}, {"hcall.H_ENTER", 34}}};
        return index < counters.size() ? std::optional(counters[index]) : std::nullopt;
    }
    relocate::Reallocator* reallocator() override { return nodes; }
    void shutdown() override { ended = true; }
};

/// An operator's end of a connection: collects lines.
struct Operator final : net::StreamHandler {
    net::ByteStream* stream = nullptr;
    std::string text;
    std::string to_send;
    bool over = false;

    std::size_t received(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return bytes.size();
    }
    void closed(net::CloseReason) override { over = true; }
    bool push() {
        const std::size_t n = stream->send(std::as_bytes(std::span(to_send)));
        to_send.erase(0, n);
        return n != 0;
    }
    std::vector<std::string> lines() {
        std::vector<std::string> all;
        for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
            all.push_back(text.substr(0, end));
        return all;
    }
};

class ManageTest : public testing::Test {
  protected:
    explicit ManageTest(Bytes memory = mib(1)) : fake(memory) { net.listener = &service; }

    void connect(Operator& who) {
        who.stream = *net.connect({1}, management_port, who);
        net.pump();
    }
    std::vector<std::string> ask(Operator& who, std::string what) {
        if (who.stream == nullptr)
            connect(who);
        who.to_send += what;
        for (bool moved = true; moved;) {
            moved = who.push();
            moved = net.pump() || moved;
            // Room has come for whoever waits for it.
            for (auto& end : net.ends)
                if (end->open && end->handler != nullptr)
                    end->handler->sent();
            for (auto& end : net.ends)
                moved = moved || end->offer;
        }
        return who.lines();
    }
    std::vector<std::string> ask(std::string what) { return ask(one, what); }

    arch::FakeMachine fake;
    TestMachine machine;
    Service service{machine};
    test::PipeNetwork net;
    Operator one;
    Operator two;
};

} // namespace transom::manage
