// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <transom/base/log.hpp>
#include <transom/manage/life_cycle.hpp>
#include <transom/net/clock.hpp>
#include <utility>

namespace transom::manage {

using partition::Partition;
using partition::StopReason;

namespace {

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

std::expected<std::span<std::byte>, Refusal> LifeCycle::reserve(Bytes size) {
    if (!runs_partitions_)
        return refuse("no-partitions", "this machine is itself a partition: none run on it");
    const auto memory = definitions_.reserve(size);
    uploads_ += memory ? 1 : 0;
    return memory;
}

void LifeCycle::drop(std::span<std::byte> memory) {
    definitions_.drop(memory);
    --uploads_;
}

std::expected<std::size_t, Refusal> LifeCycle::define(std::span<std::byte> memory) {
    const auto defined = definitions_.define(memory, roster_);
    if (defined) {
        one_has_ended_ = false;
        --uploads_;
    }
    return defined;
}

void LifeCycle::begun(const Definition& definition) {
    log("partition {}: {} MiB, {} virtual processors", definition.name(), definition.description->memory >> 20,
        definition.description->virtual_processors);
}

void LifeCycle::let_run(Partition& partition) {
    observer_.starting(partition, roster_.is_anew(partition));
    roster_.start(partition); // last: from here on another processor may run it
}

std::expected<void, partition::CreateError> LifeCycle::start_at_once(Definition& definition) {
    const auto created = roster_.create(*definition.description, *definition.bundle);
    if (!created)
        return std::unexpected(created.error());
    begun(definition);
    let_run(**created);
    return {};
}

/// What is built and what is scrubbed get half of the time each, so that neither waits for the other; one alone gets all of it. Who starts
/// itself anew could do so for ever: while others want the processors it gets some time once in a dispatch window.
std::uint64_t LifeCycle::run() {
    using partition::Starts;
    const std::uint64_t budget = net::ticks_per_millisecond() / 2, window = 10 * net::ticks_per_millisecond();
    const std::uint64_t began = arch::timebase();
    const auto used = [began] { return arch::timebase() - began; };
    const bool all = roster_.any_starting(Starts::all) &&
                     (static_cast<std::int64_t>(began - next_of_its_own_) >= 0 || !roster_.somebody_waits());
    if (all)
        next_of_its_own_ = began + window;
    const auto build = [&](std::uint64_t ticks) {
        if (Partition* const built = roster_.work(ticks, all ? Starts::all : Starts::ordered))
            let_run(*built);
    };
    build(budget / 2);
    bool dirty = false;
    do
        dirty = frames_.scrub_one();
    while (dirty && used() < budget);
    if (const std::uint64_t so_far = used(); so_far < budget)
        build(budget - so_far);
    if (dirty || roster_.any_starting(Starts::ordered))
        return 0;
    if (!roster_.any_starting(Starts::all))
        return ~std::uint64_t{0};
    return roster_.somebody_waits() ? window : 0;
}

void LifeCycle::ended(Partition& partition) {
    observer_.ending(partition);
    mover_.ended(partition);
    log("partition {}: {}", partition.name(), reason(partition.stop_reason));
    if (partition.stop_reason == StopReason::reboot) {
        Definition* const definition = definitions_.find(partition.name());
        if (definition == nullptr) {
            log("it came from another machine: there is no kernel here to start it with");
        } else if (const auto possible = roster_.may_rebuild(partition, *definition->description, *definition->bundle);
                   !possible) {
            log("{}", possible.error().view());
        } else {
            const auto started = roster_.begin_anew(partition, *definition->description, *definition->bundle, true);
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

void LifeCycle::operator_answered() {
    --waiting_;
    answered_at_ = arch::timebase();
}

bool LifeCycle::over() const {
    constexpr std::uint64_t moment_ms = 200;
    if (!one_has_ended_ || roster_.size() != 0 || uploads_ != 0 || waiting_ != 0 || definitions_.any_by_operator() ||
        mover_.owes_word())
        return false;
    return answered_at_ == 0 || arch::timebase() - answered_at_ >= moment_ms * net::ticks_per_millisecond();
}

bool LifeCycle::name_is_taken(std::string_view name) const {
    const Definition* const definition = definitions_.find(name);
    return definition != nullptr && !definition->moved_away;
}

migrate::DefinitionToSend LifeCycle::definition_of(const Partition& partition) {
    const Definition* const definition = definitions_.find(partition.name());
    if (definition == nullptr)
        return {};
    leaving_ = tree::BundleOfOne(*definition->bundle, *definition->description);
    return {{.size = leaving_.size(), .digest = definition->digest, .by_operator = definition->by_operator}, &leaving_};
}

void LifeCycle::definition_read(const Partition& partition, std::uint64_t digest) {
    if (Definition* const definition = definitions_.find(partition.name()))
        definition->digest = digest;
}

/// What is here of that name has moved away: name_is_taken() has said so.
std::expected<std::span<std::byte>, migrate::Failure> LifeCycle::expect(const migrate::PartitionShape& shape) {
    using migrate::failure, migrate::MoveError;
    if (const Definition* const here = definitions_.find(shape.name())) {
        if (here->digest != 0 && here->digest == shape.definition.digest)
            return {};
        return std::unexpected(failure(MoveError::partition_name,
                                       "partition-name {} is that of another partition's definition at the target",
                                       shape.name()));
    }
    if (shape.definition.size == 0)
        return {};
    const auto room = definitions_.reserve(shape.definition.size);
    if (!room)
        return std::unexpected(failure(MoveError::memory, "no memory for what {} is started from: {}", shape.name(),
                                       room.error().line.view()));
    arriving_ = *room;
    arriving_is_ = shape.definition;
    return arriving_;
}

std::expected<void, migrate::Failure> LifeCycle::define(const Partition& partition, std::uint64_t digest) {
    arriving_is_.digest = digest;
    if (const auto prepared = definitions_.prepare(arriving_, partition.name(), arriving_is_); !prepared)
        return std::unexpected(migrate::failure(migrate::MoveError::record_content, "what {} is started from: {}",
                                                partition.name(), prepared.error().line.view()));
    return {};
}

void LifeCycle::not_arrived() {
    if (!arriving_.empty())
        definitions_.drop(std::exchange(arriving_, {}));
}

void LifeCycle::arrived(Partition& partition) {
    if (!arriving_.empty())
        definitions_.keep(std::exchange(arriving_, {}));
    log("partition {}: arrived, {} MiB", partition.name(), partition.memory.size() >> 20);
    if (Definition* const definition = definitions_.find(partition.name()))
        definition->moved_away = false;
    observer_.arrived(partition);
}

void LifeCycle::left(Partition& partition) {
    log("partition {}: it runs on the other machine now", partition.name());
    if (Definition* const definition = definitions_.find(partition.name()))
        definition->moved_away = true;
}

} // namespace transom::manage
