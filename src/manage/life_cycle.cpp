// SPDX-License-Identifier: Apache-2.0
#include <transom/base/log.hpp>
#include <transom/manage/life_cycle.hpp>

namespace transom::manage {

using partition::Partition;
using partition::PartitionState;
using partition::StopReason;

namespace {

/// Ends it wherever it is. False: it has ended by itself in the meantime.
bool end(Partition& partition) {
    auto before = PartitionState::running;
    return partition.state.compare_exchange_strong(before, PartitionState::off);
}

std::string_view reason(StopReason why) {
    switch (why) {
    case StopReason::power_off:
        return "it is switched off";
    case StopReason::reboot:
        return "it starts again";
    case StopReason::last_stopped:
        return "its last virtual processor has stopped";
    case StopReason::none:
        break;
    }
    return "it was stopped";
}

} // namespace

std::expected<Definition*, Refusal> LifeCycle::find_definition(std::string_view name) {
    if (Definition* const definition = definitions_.find(name))
        return definition;
    if (roster_.find(name) != nullptr)
        return refuse("no-definition", "{} came from another machine: there is nothing here to start it from", name);
    return refuse("no-such-partition", "there is no {}: status lists the partitions and definitions", name);
}

/// The partition of that name, if an operator's order can end it now.
std::expected<Partition*, Refusal> LifeCycle::find_running(std::string_view name) {
    Partition* const partition = roster_.find(name);
    if (partition == nullptr) {
        if (const auto definition = find_definition(name); !definition)
            return std::unexpected(definition.error());
        return refuse("not-running", "{} does not run here: start it", name);
    }
    if (mover_.moves(*partition))
        return refuse("moving",
                      "{} is on its way from one machine to another: wait for the end of the move, or cancel it", name);
    switch (partition->state) {
    case PartitionState::running:
        return partition;
    case PartitionState::suspended:
        return refuse("in-doubt", "{} may run at the other machine: settle that first", name);
    case PartitionState::empty:
    case PartitionState::off:
        break;
    }
    return refuse("not-running", "{} has just ended by itself", name);
}

std::expected<std::span<std::byte>, Refusal> LifeCycle::reserve(Bytes size) {
    if (!runs_partitions_)
        return refuse("no-partitions", "this machine is itself a partition: none run on it");
    return definitions_.reserve(size);
}

std::expected<std::size_t, Refusal> LifeCycle::define(std::span<std::byte> memory) {
    const auto defined = definitions_.define(memory, roster_);
    if (defined)
        one_has_ended_ = false;
    return defined;
}

std::expected<void, partition::CreateError> LifeCycle::run(Definition& definition) {
    const auto created = roster_.create(*definition.description, *definition.bundle);
    if (!created)
        return std::unexpected(created.error());
    definition.moved_away = false;
    log("partition {}: {} MiB, {} virtual processors", definition.name(), definition.description->memory >> 20,
        definition.description->virtual_processors);
    observer_.starting(**created);
    roster_.start(**created); // last: from here on another processor may run it
    return {};
}

/// Ends it and builds it anew. After an error it is gone.
std::expected<void, partition::CreateError> LifeCycle::run_anew(Partition& partition, Definition& definition) {
    const auto built = roster_.rebuild(partition, *definition.description, *definition.bundle);
    if (!built)
        return built;
    observer_.starting(partition);
    roster_.start(partition);
    return {};
}

Done LifeCycle::start(std::string_view name, bool force) {
    const auto definition = find_definition(name);
    if (Partition* const here = roster_.find(name))
        return refuse("running", "{} is here already: stop or reset it", here->name());
    if (!definition)
        return std::unexpected(definition.error());
    if ((*definition)->moved_away && !force)
        return refuse("moved-away",
                      "{} runs on another machine: move it back; or, if it is gone for good, start it with force=yes",
                      name);
    one_has_ended_ = false;
    if (const auto started = run(**definition); !started)
        return refuse("no-room", "{}", started.error().view());
    return {};
}

Done LifeCycle::stop(std::string_view name, bool force) {
    const auto partition = find_running(name);
    if (!partition)
        return std::unexpected(partition.error());
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
    roster_.destroy(**partition);
    return {};
}

Done LifeCycle::reset(std::string_view name) {
    const auto partition = find_running(name);
    if (!partition)
        return std::unexpected(partition.error());
    const auto definition = find_definition(name);
    if (!definition)
        return std::unexpected(definition.error());
    if (const auto possible = roster_.may_rebuild(**partition, *(*definition)->description); !possible)
        return refuse("no-room", "{}", possible.error().view());
    if (!end(**partition))
        return refuse("not-running", "{} has just ended by itself", name);
    one_has_ended_ = false;
    log("partition {}: an operator starts it anew", name);
    observer_.ending(**partition);
    if (const auto started = run_anew(**partition, **definition); !started)
        return refuse("no-room", "{}; it has ended", started.error().view());
    return {};
}

Done LifeCycle::remove(std::string_view name) {
    const auto definition = find_definition(name);
    if (!definition)
        return std::unexpected(definition.error());
    if (roster_.find(name) != nullptr)
        return refuse("running", "{} is in use: stop it first", name);
    one_has_ended_ = false;
    definitions_.remove(**definition);
    return {};
}

void LifeCycle::ended(Partition& partition) {
    observer_.ending(partition);
    mover_.ended(partition);
    log("partition {}: {}", partition.name(), reason(partition.stop_reason));
    if (partition.stop_reason == StopReason::reboot) {
        Definition* const definition = definitions_.find(partition.name());
        if (definition == nullptr) {
            log("it came from another machine: there is no kernel here to start it with");
        } else if (const auto possible = roster_.may_rebuild(partition, *definition->description); !possible) {
            log("{}", possible.error().view());
        } else {
            const auto started = run_anew(partition, *definition);
            if (started)
                return;
            log("{}", started.error().view());
            one_has_ended_ = true;
            return; // and gone
        }
    }
    one_has_ended_ = true;
    roster_.destroy(partition);
}

bool LifeCycle::name_is_taken(std::string_view name) const {
    const Definition* const definition = definitions_.find(name);
    return definition != nullptr && !definition->moved_away;
}

void LifeCycle::arrived(std::string_view name) {
    if (Definition* const definition = definitions_.find(name))
        definition->moved_away = false;
}

void LifeCycle::left(std::string_view name) {
    if (Definition* const definition = definitions_.find(name))
        definition->moved_away = true;
}

} // namespace transom::manage
