// SPDX-License-Identifier: Apache-2.0
#include <transom/base/panic.hpp>
#include <transom/migrate/mover.hpp>

// Partitions of which this machine does not know whether they run at the other one.

namespace transom::migrate {

using partition::Partition;
using partition::PartitionState;

/// Only a move in doubt leaves partitions suspended; who moves one within the machine does not let anybody ask meanwhile.
std::expected<Partition*, Failure> Mover::find_doubted(std::string_view name) const {
    Partition* partition = roster_.find(name);
    if (partition == nullptr)
        return std::unexpected(failure(MoveError::no_such_partition, "{}: no such partition here: see status", name));
    if (partition->state != PartitionState::suspended || leaving_.is(*partition) ||
        (source_.moves(*partition) && !source_.is_cut_off(*partition)))
        return std::unexpected(
            failure(MoveError::not_in_doubt, "{} is not in doubt: there is nothing to recover", name));
    return partition;
}

std::expected<void, Failure> Mover::recover(std::string_view name) {
    const auto partition = find_doubted(name);
    if (!partition)
        return std::unexpected(partition.error());
    if (source_.is_cut_off(**partition)) {
        source_.ask_now();
        return {};
    }
    keep_doubted();
    doubts_.ask(name); // more than can be asked about stay as they are
    return {};
}

Recovery Mover::recovery(std::string_view name) const {
    using enum Recovery::Outcome;
    const Partition* const partition = roster_.find(name);
    if (partition == nullptr)
        return {.outcome = there};
    if (partition->state != PartitionState::suspended)
        return {.outcome = here};
    if (leaving_.is(*partition))
        return {.outcome = asking};
    if (source_.moves(*partition)) {
        if (source_.is_asked())
            return {.outcome = asking};
        if (source_.is_cut_off(*partition))
            return {.outcome = in_doubt, .heard = source_.progress().failure, .ran_there = source_.has_run_there()};
        return {.outcome = there}; // and gets the rest
    }
    const Doubt* const doubt = doubts_.find(name);
    if (doubt == nullptr)
        return {.outcome = in_doubt, .heard = failure(MoveError::in_doubt, "too many moves are in doubt to ask about")};
    if (doubt->asked_now)
        return {.outcome = asking};
    return {.outcome = in_doubt, .heard = doubt->heard};
}

std::expected<void, Failure> Mover::force(std::string_view name, Owner owner) {
    const auto partition = find_doubted(name);
    if (!partition)
        return std::unexpected(partition.error());
    if (source_.hears_target(**partition))
        return std::unexpected(failure(MoveError::not_in_doubt,
                                       "the target of {} is connected and is being asked, so it is not dead: try "
                                       "again if it falls silent",
                                       name));
    if (source_.is_cut_off(**partition) && source_.has_run_there() && owner == Owner::here)
        return std::unexpected(
            failure(MoveError::not_in_doubt, "{} has run at the target since: what is here of it is old", name));
    keep_doubted();
    doubts_.forget(name);
    source_.end_doubt(
        **partition, owner,
        failure(MoveError::in_doubt, "the operator said that {} is {}", name, owner == Owner::here ? "here" : "there"));
    return {};
}

/// A move that has ended in doubt may still be completed: by its target's word or the operator's.
void Mover::keep_doubted() {
    if (source_.progress().state != MoveState::in_doubt)
        return;
    doubts_.add(source_.doubt());
}

void Mover::decided(const Doubt& doubt, Owner owner) {
    Partition* const partition = roster_.find(doubt.name());
    invariant(partition != nullptr && partition->state == PartitionState::suspended,
              "a doubt about a partition that is not there, or runs");
    source_.end_doubt(*partition, owner,
                      failure(MoveError::in_doubt, "the target says that {} {}", doubt.name(),
                              owner == Owner::here ? "has not run there, and will not" : "has run there"));
}

} // namespace transom::migrate
