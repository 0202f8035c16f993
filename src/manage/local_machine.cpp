// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/processors.hpp>
#include <array>
#include <transom/hcall/table.hpp>
#include <transom/manage/local_machine.hpp>

namespace transom::manage {

LocalMachine::LocalMachine(const MachineInfo& info, partition::Roster& roster, partition::Dispatcher& dispatcher,
                           migrate::Mover& mover, net::Network& network, std::uint64_t started_at)
    : info_(info), roster_(roster), dispatcher_(dispatcher), mover_(mover), network_(network), started_at_(started_at) {
}

const partition::Partition* LocalMachine::partition(std::size_t index) {
    const partition::Partition* found = nullptr;
    roster_.for_each([&](const partition::Partition& partition) {
        if (index-- == 0)
            found = &partition;
    });
    return found;
}

std::expected<void, migrate::Failure> LocalMachine::migrate(const MigrateRequest& request) {
    return mover_.move(network_, request.partition, request.to, request.port, request.corrupt_page, request.fit);
}

std::optional<DigestTable> LocalMachine::digests(std::string_view partition) {
    const auto digests = mover_.digests(partition);
    if (digests.empty())
        return std::nullopt;
    return DigestTable{digests, mover_.digest_granule()};
}

std::optional<Counter> LocalMachine::counter(std::size_t index) {
    const arch::RendezvousCost rendezvous = arch::rendezvous_cost();
    const std::array own{
        Counter{"started_ticks", started_at_},
        Counter{"first_instruction_ticks", dispatcher_.first_entry()},
        Counter{"now_ticks", arch::timebase()},
        Counter{"guest_ticks", dispatcher_.guest_ticks()},
        Counter{"idle_ticks", dispatcher_.pool().idle_ticks},
        Counter{"rendezvous", rendezvous.count},
        Counter{"rendezvous_ticks", rendezvous.ticks},
        Counter{"sleeps", dispatcher_.pool().sleeps},
        Counter{"wakes_by_interrupt", dispatcher_.pool().wakes_by_interrupt},
        Counter{"device_interrupts", arch::device_interrupts()},
    };
    if (index < own.size())
        return own[index];
    const std::size_t row = index - own.size();
    if (row >= hcall::rows().size())
        return std::nullopt;
    Counter calls{hcall::rows()[row].name, 0};
    roster_.for_each([&](const partition::Partition& partition) { calls.value += partition.calls().by_row[row]; });
    return calls;
}

void LocalMachine::shutdown() { shutdown_at_ = arch::timebase() + info_.timebase_frequency / 5; }

} // namespace transom::manage
