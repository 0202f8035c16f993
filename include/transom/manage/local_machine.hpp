// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/manage/life_cycle.hpp>
#include <transom/manage/machine.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/roster.hpp>
#include <transom/secure/secure_network.hpp>

namespace transom::manage {

/// Faults that are to happen, by layer.
struct Faults {
    fault::FaultPlan* stream = nullptr;
    fault::FaultPlan* sealed = nullptr;
};

/// The machine that this hypervisor runs on, for its operators.
class LocalMachine final : public Machine, private fault::Phases {
  public:
    /// Everything outlives it. `network`: for moves. `operators`: for what they say. `faults`: of each layer, null but in the test image. `reallocator`: null where no partitions run. `started_at`: the time base when the hypervisor was entered.
    LocalMachine(const MachineInfo& info, memory::Frames& frames, partition::Roster& roster,
                 partition::Dispatcher& dispatcher, migrate::Mover& mover, LifeCycle& life_cycle, net::Network& network,
                 const secure::SecureNetwork& operators, const Faults& faults, relocate::Reallocator* reallocator,
                 std::uint64_t started_at);

    /// When the machine is to end, if shutdown() was asked for: a moment after it, so that the answer still gets out.
    std::optional<std::uint64_t> shutdown_at() const { return shutdown_at_; }

    MachineInfo info() override { return info_; }
    std::optional<Listed> listed(std::size_t index) override;
    Room room() override;
    partition::Partition* find(std::string_view name) override { return roster_.find(name); }
    std::expected<void, migrate::Failure> migrate(const MigrateRequest& request) override;
    std::expected<std::span<std::byte>, Refusal> reserve(Bytes size) override { return life_cycle_.reserve(size); }
    std::expected<std::size_t, Refusal> define(std::span<std::byte> bundle) override {
        return life_cycle_.define(bundle);
    }
    void drop(std::span<std::byte> bundle) override { life_cycle_.drop(bundle); }
    Done start(std::string_view partition, bool force) override { return life_cycle_.start(partition, force); }
    Done stop(std::string_view partition, bool force) override;
    Done reset(std::string_view partition) override;
    Done remove(std::string_view partition) override { return life_cycle_.remove(partition); }
    std::optional<Done> started(std::string_view partition) override { return life_cycle_.started(partition); }
    std::uint64_t scrub_mark() override { return frames_.mark(); }
    bool was_scrubbed(std::uint64_t mark) override { return frames_.was_scrubbed(mark); }
    void operator_waits() override { life_cycle_.operator_waits(); }
    void operator_answered() override { life_cycle_.operator_answered(); }
    const migrate::Progress& migration() override { return mover_.progress(); }
    bool cancel() override { return mover_.cancel(); }
    std::expected<void, migrate::Failure> recover(std::string_view partition) override;
    migrate::Recovery recovery(std::string_view partition) override { return mover_.recovery(partition); }
    std::expected<void, migrate::Failure> force(std::string_view partition, migrate::Owner owner) override;
    std::optional<DigestTable> digests(std::string_view partition) override;
    std::optional<Counter> counter(std::size_t index) override;
    fault::FaultPlan* faults(fault::Layer layer) override {
        return layer == fault::Layer::sealed ? faults_.sealed : faults_.stream;
    }
    relocate::Reallocator* reallocator() override { return reallocator_; }
    void shutdown() override;

  private:
    bool moves_in_place(std::string_view name);
    std::expected<void, migrate::Failure> check_in_place(std::string_view name);
    migrate::MoveState phase() const override { return mover_.progress().state; }

    MachineInfo info_;
    memory::Frames& frames_;
    partition::Roster& roster_;
    partition::Dispatcher& dispatcher_;
    migrate::Mover& mover_;
    LifeCycle& life_cycle_;
    net::Network& network_;
    const secure::SecureNetwork& operators_;
    Faults faults_;
    relocate::Reallocator* reallocator_;
    std::uint64_t started_at_;
    std::optional<std::uint64_t> shutdown_at_;
};

} // namespace transom::manage
