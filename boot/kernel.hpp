// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_task.hpp"
#include "link_network.hpp"
#include "platform.hpp"

#include <optional>
#include <span>
#include <transom/dual/attendant.hpp>
#include <transom/manage/life_cycle.hpp>
#include <transom/manage/local_machine.hpp>
#include <transom/manage/service.hpp>
#include <transom/memory/frames.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/net/network_task.hpp>
#include <transom/partition/roster.hpp>
#include <transom/pci/bus.hpp>
#include <transom/random/source.hpp>
#include <transom/relocate/affinity_clerk.hpp>
#include <transom/relocate/placer.hpp>
#include <transom/secure/secure_network.hpp>
#include <transom/tree/host_tree.hpp>
#include <transom/tree/manifest.hpp>

namespace boot {

/// The running hypervisor, the same on every platform: reads the bundle, builds the partitions and shares the boot
/// processor between them and its own work until the last one has ended.
class Kernel final : private transom::manage::LifeObserver {
  public:
    /// All three outlive it; `machine` and `frames` describe memory that was found.
    /// `started_at`: the time base when the machine's firmware entered us. `characteristics`: what firmware says of the
    /// processors.
    Kernel(Platform& platform, const transom::tree::HostMachine& machine, transom::memory::Frames& frames,
           std::uint64_t started_at, const transom::partition::CpuCharacteristics& characteristics);

    /// Brings up the network behind these bridges, starts the partitions, and never comes back.
    [[noreturn]] void run(std::span<const transom::pci::HostBridge> bridges);

    transom::partition::Dispatcher& dispatcher() { return dispatcher_; }
    /// Which processors run partitions, by their numbers in the machine's tree: the boot processor first.
    void set_processors(std::span<const std::uint32_t> servers);

  private:
    void find_nodes();
    void read_bundle();
    void seed_random();
    void take_keys();
    void erase(std::span<const std::byte> secret);
    transom::net::MachineAddresses addresses() const;
    void listen_for_operators();
    void listen_for_machines();
    void create_partitions();
    bool has_to_end() const;
    /// Deals with partitions that have switched themselves off, or ask to be started again.
    void reap();
    void log_last_words(transom::partition::Partition& partition);
    void starting(transom::partition::Partition& partition, bool anew) override;
    void ending(transom::partition::Partition& partition) override;
    void arrived(transom::partition::Partition& partition) override;

    Platform& platform_;
    const transom::tree::HostMachine& machine_;
    transom::memory::Frames& frames_;
    transom::affinity::Topology topology_;
    transom::partition::HomeNodes home_nodes_;
    transom::partition::Resources resources_;
    transom::random::Source random_;
    transom::partition::Dispatcher dispatcher_;
    transom::partition::Roster roster_;
    ConsoleTask console_;
    transom::net::NetworkTask network_task_;
    transom::secure::Identity among_machines_, among_operators_; // the same one, who knows others
    transom::secure::Entropy entropy_;
    LinkNetwork below_link_;
    transom::secure::SecureNetwork machine_network_;  // for all that machines say to each other,
    transom::secure::SecureNetwork operator_network_; // and for what operators say
    LinkNetwork link_;
    transom::manage::LifeCycle life_cycle_;
    transom::migrate::Mover mover_;
    transom::dual::Attendant attendant_;
    transom::relocate::Placer placer_;
    transom::relocate::Reallocator reallocator_;
    transom::relocate::AffinityClerk affinity_clerk_;
    transom::manage::LocalMachine local_machine_;
    transom::manage::Service management_;
    std::optional<transom::tree::Manifest> bundle_;
    std::uint64_t next_words_ = 0; // when the next partition's last words are logged, at the earliest
    bool hears_operators_ = false;
    bool nothing_to_wait_for_ = false; // neither partitions nor an operator can be expected
};

} // namespace boot
