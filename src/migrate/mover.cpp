// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/mover.hpp>

namespace transom::migrate {

using memory::FrameState;
using partition::Partition;
using partition::PartitionState;

namespace {

std::span<std::byte> record_buffer(memory::Frames& frames) {
    const Bytes size = RealAddr{max_record}.align_up(memory::frame_size).value;
    const auto real = frames.allocate(size, memory::frame_size, FrameState::hypervisor);
    invariant(real.has_value(), "no memory for the buffer of a move");
    return {arch::real_pointer(*real), max_record};
}

} // namespace

Mover::Mover(partition::Roster& roster, memory::Frames& frames, const MachineFacts& facts, MoveObserver& observer)
    : roster_(roster), frames_(frames), step_ticks_(Limits(facts.timebase_frequency).step),
      frequency_(facts.timebase_frequency), observer_(observer), digests_(frames), pages_(frames), copies_(frames),
      arriving_(frames), source_(*this, facts, record_buffer(frames)), target_(*this, facts, record_buffer(frames)) {}

std::expected<void, net::StreamError> Mover::listen(net::Network& network) {
    if (const auto arrivals = network.listen(net::InterfaceId::link, migration_port, arrivals_); !arrivals)
        return arrivals;
    return network.listen(net::InterfaceId::link, question_port(migration_port), answers_);
}

std::expected<void, Failure> Mover::move(net::Network& network, std::string_view name, net::Ipv4Address target,
                                         std::uint16_t port, const MoveOptions& options) {
    if (is_in_progress())
        return std::unexpected(failure(MoveError::busy, "a move is in progress: wait for its end, or cancel it"));
    Partition* partition = roster_.find(name);
    if (partition == nullptr)
        return std::unexpected(failure(MoveError::no_such_partition, "{}: no such partition here: see status", name));
    MoveOrder order{.partition = partition,
                    .target = target,
                    .port = port,
                    .mode = options.mode,
                    .connections = options.connections,
                    .bandwidth = options.bandwidth,
                    .check_only = options.check_only,
                    .corrupt_page = options.corrupt_page,
                    .fit = options.fit,
                    .definition = observer_.definition_of(*partition)};
    if (auto possible = source_.check(order); !possible)
        return possible;
    for (const Partition* last : {pages_.partition(), arriving_.partition()})
        if (const auto drained = check_drained(last); !drained)
            return drained;
    if (!partition->dual->resize().hold(*partition, frequency_, dual::Holder::migration))
        return std::unexpected(
            failure(MoveError::busy, "{} changes the size of its page table at this moment: try again", name));
    keep_doubted();
    const PartitionShape shape = shape_of(*partition);
    SourcePages* const pages = pages_.begin(*partition, frequency_, options);
    if (pages == nullptr)
        return std::unexpected(failure(MoveError::memory, "no memory for the states of {} pages", shape.granules()));
    order.pages = pages;
    if (is_tracked(order.mode)) // in the others no page goes twice
        order.copies = copies_.begin(shape.memory_size);
    // Last, when all else that the move takes is taken.
    if (options.check_only && is_tracked(options.mode))
        if (const auto room = check_second_table(*partition); !room)
            return room;
    return source_.start(network, order);
}

bool Mover::owes_word() const { return target_.outcomes().any_unheard(arch::timebase(), Limits(frequency_).silence); }

const Progress& Mover::progress() const {
    if (source_.progress().in_progress())
        return source_.progress();
    const Progress& arrival = target_.progress();
    const bool came_to_something = arrival.in_progress() || arrival.agreed_at != 0;
    if (source_.progress().role != Role::none && !came_to_something)
        return source_.progress(); // whoever is turned away does not hide it
    return arrival.began_at > source_.progress().began_at ? arrival : source_.progress();
}

std::uint64_t Mover::run() {
    const bool source_has_more = source_.step(step_ticks_);
    const bool target_has_more = target_.step(step_ticks_);
    keep_doubted();
    const std::uint64_t until_asked = doubts_.step();
    if (Partition* const partition = leaving_.step(step_ticks_))
        let_go(*partition);
    announce_again();
    const bool moving = is_in_progress();
    if (!source_.progress().in_progress())
        copies_.end();
    if (!moving) {
        digests_.drop_arriving();
        roster_.for_each([](Partition& partition) { partition.dual->resize().let(dual::Holder::migration); });
    }
    if (!moving && pages_.in_use() && !has_second_table(pages_.partition()))
        pages_.end();
    if (!moving && arriving_.in_use() && !has_second_table(arriving_.partition()))
        arriving_.end();
    if (source_has_more || target_has_more || leaving_.busy())
        return 0;
    // A frame that comes ends the wait; a partition that has come to a stop does not.
    return moving ? step_ticks_ : until_asked;
}

void Mover::announce(Partition& partition) {
    next_announcement_ = now() + frequency_ / announcements_a_second;
    if (announcer_ != nullptr)
        announcer_->announce(partition);
}

/// Of one that runs here before all of it has come: what was said first may be lost, and nobody answers.
void Mover::announce_again() {
    if (static_cast<std::int64_t>(now() - next_announcement_) < 0)
        return;
    roster_.for_each([this](Partition& partition) {
        if (completes(partition) && partition.state == PartitionState::running)
            announce(partition);
    });
}

std::uint64_t Mover::now() { return arch::timebase(); }

/// Whether somebody may still tell of its pages, or ask for them: it is here, and has a migration's second page table.
bool Mover::has_second_table(const Partition* which) {
    bool has = false;
    roster_.for_each([&](Partition& partition) { has = has || (&partition == which && partition.dual->has_twins()); });
    return has;
}

std::expected<void, Failure> Mover::check_drained(const Partition* last) {
    if (!has_second_table(last))
        return {};
    return std::unexpected(failure(MoveError::busy,
                                   "{} still puts its page tables together after a move that has just ended: try again",
                                   last->name()));
}

} // namespace transom::migrate
