// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bundle.hpp"
#include "commands.hpp"
#include "link_proxy.hpp"
#include "machine.hpp"
#include "management_client.hpp"
#include "temporary_directory.hpp"

#include <array>
#include <memory>

namespace transom::tool {

/// A machine that a partition moves away from, or to.
struct PairedMachine {
    std::string qemu;         ///< its version, "7.2"
    std::string link_address; ///< as `migrate to=` takes it
    std::unique_ptr<Machine> machine;
    std::unique_ptr<ManagementClient> management; ///< once the machine has started
};

/// Machines A and B with a link between them.
class MachinePair {
  public:
    /// Checks all that can be known before a machine is started.
    MachinePair(const MigrateOptions& options, const MachineSetup& common);

    /// Starts both, A with these partitions and B without any, and waits for their management services.
    void start(const ManifestFile& manifest, Clock::time_point until);
    /// A is 0, B is 1.
    PairedMachine& operator[](std::size_t index) { return machines_.at(index); }
    /// What is between them, where the link has rules; else null.
    LinkProxy* link() { return link_.get(); }
    /// With SIGKILL. What its console has said is kept for keep_consoles().
    void kill(std::size_t index);
    /// Writes all that the consoles have said since the start to files, if that was asked for, and what their processors hold now to others beside them; `which` stands in their names. Says which files; empty if it was not.
    std::string keep_consoles(std::string_view which = {});

  private:
    std::filesystem::path console_file(std::string_view machine, std::string_view which = {}) const;
    void prepare_consoles() const;
    MachineSetup setup_of(std::size_t index, const std::vector<std::byte>& bundle);
    std::vector<std::string> arguments(std::size_t index, const MachineSetup& setup) const;
    std::filesystem::path monitor_socket(std::size_t index) const;
    std::filesystem::path link_socket(std::size_t index) const;
    void wait_for_link(Clock::time_point until);

    std::string consoles_, capture_, stranger_;
    bool counts_ = false; ///< instructions
    std::optional<LinkRules> rules_;
    std::array<MachineSetup, 2> setups_; ///< without what is made for each start
    std::uint16_t last_port_ = 0;        ///< two machines must not be given the same one
    TemporaryDirectory directory_;
    std::unique_ptr<LinkProxy> link_;
    std::array<PairedMachine, 2> machines_;
    std::array<std::string, 2> killed_; ///< what the consoles of those said
};

} // namespace transom::tool
