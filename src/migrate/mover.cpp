// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/mover.hpp>

namespace transom::migrate {

using memory::FrameState;
using partition::Partition;
using partition::PartitionState;

namespace {

/// How long a session works before virtual processors and other tasks have their turn.
constexpr std::uint64_t step_ticks = 512 * 500;

/// Digests and arrival bits of a partition.
Bytes words_size(std::uint64_t granules) {
    return RealAddr{(granules + (granules + 63) / 64) * sizeof(std::uint64_t)}.align_up(memory::frame_size).value;
}

std::span<std::byte> record_buffer(memory::Frames& frames) {
    const Bytes size = RealAddr{max_record}.align_up(memory::frame_size).value;
    const auto real = frames.allocate(size, memory::frame_size, FrameState::hypervisor);
    invariant(real.has_value(), "no memory for the buffer of a move");
    return {arch::real_pointer(*real), max_record};
}

} // namespace

Mover::Mover(partition::Roster& roster, memory::Frames& frames, const MachineFacts& facts, MoveObserver& observer)
    : roster_(roster), frames_(frames), observer_(observer), source_(*this, facts, record_buffer(frames)),
      target_(*this, facts, record_buffer(frames)) {}

std::expected<void, net::StreamError> Mover::listen(net::Network& network) {
    return network.listen(net::InterfaceId::link, migration_port, arrivals_);
}

/// Room for the digests of one move, in the place of the last one's.
std::optional<std::span<std::uint64_t>> Mover::words_for(std::uint64_t granules) {
    if (!words_.empty())
        frames_.release(words_, FrameState::hypervisor);
    words_ = {};
    digests_ = {};
    const Bytes size = words_size(granules);
    const auto real = frames_.allocate(size, memory::frame_size, FrameState::hypervisor);
    if (!real)
        return std::nullopt;
    words_ = {*real, size};
    return std::span(reinterpret_cast<std::uint64_t*>(arch::real_pointer(*real)), size / sizeof(std::uint64_t));
}

std::expected<void, Failure> Mover::move(net::Network& network, std::string_view name, net::Ipv4Address target,
                                         std::uint16_t port, std::optional<std::uint64_t> corrupt_page) {
    if (source_.progress().in_progress() || target_.busy())
        return std::unexpected(failure(MoveError::busy, "a move is in progress: wait for its end, or cancel it"));
    Partition* partition = roster_.find(name);
    if (partition == nullptr)
        return std::unexpected(failure(MoveError::no_such_partition, "{}: no such partition here: see status", name));
    const PartitionShape shape = shape_of(*partition);
    const auto words = words_for(shape.granules());
    if (!words)
        return std::unexpected(
            failure(MoveError::memory, "no memory for the digests of {} granules", shape.granules()));
    digests_ = words->first(shape.granules());
    digest_name_ = shape.name_storage;
    digest_granule_ = shape.granule;
    return source_.start(
        network,
        {.partition = partition, .target = target, .port = port, .digests = digests_, .corrupt_page = corrupt_page});
}

const Progress& Mover::progress() const {
    if (source_.progress().in_progress())
        return source_.progress();
    return target_.progress().began_at > source_.progress().began_at ? target_.progress() : source_.progress();
}

std::span<const std::uint64_t> Mover::digests(std::string_view name) const {
    return name == std::string_view(digest_name_.data()) ? digests_ : std::span<const std::uint64_t>{};
}

std::uint64_t Mover::run() {
    const bool source_has_more = source_.step(step_ticks);
    const bool target_has_more = target_.step(step_ticks);
    return source_has_more || target_has_more ? 0 : ~std::uint64_t{0};
}

std::uint64_t Mover::now() { return arch::timebase(); }

bool Mover::suspend(Partition& partition) {
    // Tasks run between the slices of virtual processors, on the same processor: none of them is inside now.
    partition.state = PartitionState::suspended;
    return true;
}

void Mover::resume(Partition& partition) {
    if (partition.state == PartitionState::suspended) // else it has ended meanwhile
        partition.state = PartitionState::running;
}

void Mover::release(Partition& partition) {
    observer_.left(partition);
    roster_.destroy(partition);
}

std::expected<Arrival, Failure> Mover::create(const PartitionShape& shape) {
    if (source_.progress().in_progress())
        return std::unexpected(failure(MoveError::busy, "a partition is moving away from here"));
    if (roster_.find(shape.name()) != nullptr)
        return std::unexpected(
            failure(MoveError::partition_name, "partition-name {} is in use at the target", shape.name()));
    const auto words = words_for(shape.granules());
    if (!words)
        return std::unexpected(
            failure(MoveError::memory, "no memory for the digests of {} granules", shape.granules()));
    const auto created = roster_.create_empty({.name = shape.name(),
                                               .memory = shape.memory_size,
                                               .virtual_processors = shape.vcpus,
                                               .granule = shape.granule,
                                               .log2_page_table_size = shape.table_log2,
                                               .large_pages = shape.large_pages});
    if (!created)
        return std::unexpected(failure(MoveError::memory, "{}", created.error().view()));
    digests_ = words->first(shape.granules());
    digest_name_ = shape.name_storage;
    digest_granule_ = shape.granule;
    return Arrival{.partition = *created, .digests = digests_, .arrived = words->subspan(shape.granules())};
}

void Mover::start(Partition& partition) {
    observer_.arrived(partition);
    roster_.start(partition);
}

void Mover::discard(Partition& partition) { roster_.destroy(partition); }

} // namespace transom::migrate
