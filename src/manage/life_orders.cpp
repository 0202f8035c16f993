// SPDX-License-Identifier: Apache-2.0
#include "create_refusal.hpp"

#include <transom/base/log.hpp>
#include <transom/manage/life_cycle.hpp>

// What an operator orders, and what is in the way of it.

namespace transom::manage {

using partition::Partition;
using partition::PartitionState;

namespace {

/// Ends it wherever it is. False: it has ended by itself in the meantime.
bool end(Partition& partition) {
    auto before = PartitionState::running;
    return partition.state.compare_exchange_strong(before, PartitionState::off);
}

} // namespace

std::expected<Definition*, Refusal> LifeCycle::find_definition(std::string_view name) {
    if (Definition* const definition = definitions_.find(name))
        return definition;
    if (roster_.find(name) != nullptr)
        return refuse("no-definition", "{} came from another machine: there is nothing here to start it from", name);
    return refuse("no-such-partition", "there is no {}: status lists the partitions and definitions", name);
}

/// Nobody gives orders to a partition that is not all here; what is being built has no state yet.
Done LifeCycle::may_order(const Partition& partition) const {
    if (roster_.is_starting(partition))
        return {};
    if (mover_.moves(partition))
        return refuse("moving", "{} is {} another machine: wait for the end of the move, or cancel it",
                      partition.name(),
                      partition.state == PartitionState::empty ? "on its way here from"
                      : mover_.completes(partition)            ? "still getting its memory from"
                                                               : "on its way to");
    return {};
}

/// The partition of that name, running or being built, if an operator's order can end it now.
std::expected<Partition*, Refusal> LifeCycle::find_here(std::string_view name) {
    Partition* const partition = roster_.find(name);
    if (partition == nullptr) {
        if (const auto definition = find_definition(name); !definition)
            return std::unexpected(definition.error());
        return refuse("not-running", "{} does not run here: start it", name);
    }
    if (const auto possible = may_order(*partition); !possible)
        return std::unexpected(possible.error());
    if (roster_.is_starting(*partition))
        return partition;
    switch (partition->state) {
    case PartitionState::running:
        return partition;
    case PartitionState::suspended:
        return refuse("in-doubt", "{} may run at the other machine: see recover", name);
    case PartitionState::empty:
    case PartitionState::off:
        break;
    }
    return refuse("not-running", "{} has just ended by itself", name);
}

std::optional<Done> LifeCycle::started(std::string_view name) {
    const Partition* const partition = roster_.find(name);
    if (partition == nullptr)
        return refuse("not-running", "{} does not run: it was stopped while it was being built, or has ended at once",
                      name);
    return roster_.is_starting(*partition) ? std::nullopt : std::optional(Done());
}

Done LifeCycle::start(std::string_view name, bool force) {
    const auto definition = find_definition(name);
    if (Partition* const here = roster_.find(name)) {
        if (const auto possible = may_order(*here); !possible)
            return possible;
        if (roster_.is_starting(*here))
            return refuse("starting", "{} is being started already: stop or reset it", here->name());
        return refuse("running", "{} is here already: stop or reset it", here->name());
    }
    if (!definition)
        return std::unexpected(definition.error());
    if ((*definition)->moved_away && !force)
        return refuse("moved-away",
                      "{} runs on another machine: move it back; or, if it is gone for good, start it with force=yes",
                      name);
    one_has_ended_ = false;
    if (const auto started = roster_.begin(*(*definition)->description, *(*definition)->bundle); !started)
        return refuse(started.error());
    (*definition)->moved_away = false;
    begun(**definition);
    return {};
}

/// Ends the building of one, of which nothing has run.
void LifeCycle::abandon(Partition& partition) {
    one_has_ended_ = false;
    log("partition {}: an operator has stopped it while it was being built", partition.name());
    roster_.destroy(partition);
}

Done LifeCycle::stop(std::string_view name, bool force) {
    const auto partition = find_here(name);
    if (!partition)
        return std::unexpected(partition.error());
    if (roster_.is_starting(**partition)) {
        abandon(**partition);
        return {};
    }
    if (definitions_.find(name) == nullptr && !force)
        return refuse(
            "no-definition",
            "{} came from another machine and cannot be started here again: move it away, or lose it by force=yes",
            name);
    if (!end(**partition))
        return refuse("not-running", "{} has just ended by itself", name);
    one_has_ended_ = false;
    log("partition {}: an operator has stopped it", name);
    observer_.ending(**partition);
    mover_.ended(**partition);
    roster_.destroy(**partition);
    return {};
}

Done LifeCycle::reset(std::string_view name) {
    const auto partition = find_here(name);
    if (!partition)
        return std::unexpected(partition.error());
    if (roster_.is_starting(**partition)) {
        roster_.demand(**partition); // it begins anew as it is: nothing of it has run
        return {};
    }
    const auto definition = find_definition(name);
    if (!definition)
        return std::unexpected(definition.error());
    if (const auto possible = roster_.may_rebuild(**partition, *(*definition)->description, *(*definition)->bundle);
        !possible)
        return refuse(possible.error());
    if (!end(**partition))
        return refuse("not-running", "{} has just ended by itself", name);
    one_has_ended_ = false;
    log("partition {}: an operator starts it anew", name);
    observer_.ending(**partition);
    mover_.ended(**partition);
    if (const auto started =
            roster_.begin_anew(**partition, *(*definition)->description, *(*definition)->bundle, false);
        !started)
        return refuse(started.error(), "; it has ended");
    return {};
}

Done LifeCycle::remove(std::string_view name) {
    const auto definition = find_definition(name);
    if (!definition)
        return std::unexpected(definition.error());
    if (Partition* const here = roster_.find(name)) {
        if (const auto possible = may_order(*here); !possible)
            return possible;
        if (!roster_.is_starting(*here))
            return refuse("running", "{} is in use: stop it first", name);
        abandon(*here);
    }
    one_has_ended_ = false;
    if ((*definition)->moved_away)
        log("partition {}: its definition is removed; it runs on the other machine as before", name);
    definitions_.remove(**definition);
    return {};
}

} // namespace transom::manage
