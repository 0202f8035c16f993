// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/partition/deliver.hpp>

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
    if (!partition->dual->resize().hold(*partition, frequency_))
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

/// Nothing but a move suspends partitions, and only one in doubt leaves them so.
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
    if (source_.is_cut_off(**partition) && source_.has_run_there() && owner == Owner::here)
        return std::unexpected(
            failure(MoveError::not_in_doubt, "{} has run at the target since: what is here of it is old", name));
    keep_doubted();
    doubts_.forget(name);
    end_doubt(
        **partition, owner,
        failure(MoveError::in_doubt, "the operator said that {} is {}", name, owner == Owner::here ? "here" : "there"));
    return {};
}

void Mover::end_doubt(Partition& partition, Owner owner, const Failure& word) {
    source_.end_doubt(partition, owner, word);
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
    end_doubt(*partition, owner,
              failure(MoveError::in_doubt, "the target says that {} {}", doubt.name(),
                      owner == Owner::here ? "has not run there, and will not" : "has run there"));
}

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
        digests_.drop();
        roster_.for_each([](Partition& partition) { partition.dual->resize().let(); });
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

/// The last move's is not empty yet, or what a resize had prepared is on its way back.
bool Mover::has_table_before(Partition& partition) {
    return partition.dual->active() || partition.dual->resize().gives_memory_back();
}

std::expected<void, Failure> Mover::take_second_table(Partition& partition) {
    dual::PartitionEngine& engine = *partition.dual;
    if (engine.has_memory() || engine.take(partition.hpt, frames_))
        return {};
    return std::unexpected(failure(MoveError::memory,
                                   "no memory for a second page table of {} MiB: free some, or move it "
                                   "while it stands still (mode=stop-and-copy)",
                                   Bytes{1} << partition.hpt.log2_bytes() >> 20));
}

/// Whether there is memory for it now. None stays taken.
std::expected<void, Failure> Mover::check_second_table(Partition& partition) {
    if (has_table_before(partition))
        return {}; // as much as it needs is on its way back
    const auto taken = take_second_table(partition);
    if (taken)
        partition.dual->give_back(frames_);
    return taken;
}

/// It is called again and again until it answers true.
std::expected<bool, Failure> Mover::prepare_second_table(Partition& partition, std::uint64_t budget) {
    if (has_table_before(partition))
        return false;
    if (const auto taken = take_second_table(partition); !taken)
        return std::unexpected(taken.error());
    const std::uint64_t began = now();
    while (!partition.dual->prepare(frames_))
        if (now() - began >= budget)
            return false;
    return true;
}

std::expected<Headway, Failure> Mover::track(Partition& partition, PageStateTable& pages) {
    dual::PartitionEngine& engine = *partition.dual;
    if (!pages_.tracked()) {
        if (has_table_before(partition))
            return Headway::none;
        const auto prepared = prepare_second_table(partition, step_ticks_);
        if (!prepared)
            return std::unexpected(prepared.error());
        if (!*prepared)
            return Headway::some;
        partition.memory.watch_writes(&pages);
        engine.begin(partition, pages, dual::StorePolicy::when_stored);
        pages_.set_tracked(true);
    }
    return engine.advance() == dual::Phase::dual && engine.all_on_second() ? Headway::done : Headway::none;
}

Headway Mover::watch(Partition& partition) {
    const dual::Swept swept = partition.dual->sweep_portion(dual::Fold::read_only);
    if (swept.at_end)
        return Headway::done;
    return swept.groups != 0 ? Headway::some : Headway::none;
}

void Mover::untrack(Partition& partition) {
    if (pages_.tracked()) {
        pages_.set_tracked(false);
        partition.memory.watch_writes(nullptr);
        partition.dual->stop();
    } else if (!partition.dual->active()) {
        partition.dual->give_back(frames_);
    }
}

bool Mover::suspend(Partition& partition) {
    auto before = PartitionState::running;
    partition.state.compare_exchange_strong(before, PartitionState::suspended);
    // One that has ended meanwhile is not suspended: ended() will be told.
    return partition.state == PartitionState::suspended && roster_.is_out(partition);
}

void Mover::resume(Partition& partition) {
    auto before = PartitionState::suspended; // else it has ended meanwhile
    const bool stood = partition.state.compare_exchange_strong(before, PartitionState::running);
    partition::alert(partition);
    if (stood)
        announce(partition);
}

bool Mover::release(Partition& partition, bool whole) {
    if (whole && leaving_.begin(partition))
        return false;
    digests_.forget(partition.name());
    if (whole)
        log("migration: there are no digests of {}: no memory, or another partition is just leaving", partition.name());
    let_go(partition);
    return true;
}

void Mover::let_go(Partition& partition) {
    source_.left(partition);
    observer_.left(partition);
    roster_.destroy(partition);
}

void Mover::definition_read(const Partition& partition, std::uint64_t digest) {
    observer_.definition_read(partition, digest);
}

std::expected<Arrival, Failure> Mover::create(const PartitionShape& shape) {
    if (source_.progress().in_progress() || leaving_.busy())
        return std::unexpected(failure(MoveError::busy, "a partition is moving away from here"));
    if (roster_.find(shape.name()) != nullptr || observer_.name_is_taken(shape.name()))
        return std::unexpected(
            failure(MoveError::partition_name, "partition-name {} is in use at the target", shape.name()));
    if (const std::uint64_t more = shape.function_sets.beyond(roster_.function_sets()); more != 0) {
        const auto first = papr::name(static_cast<papr::FunctionSet>(std::countr_zero(more)));
        return std::unexpected(failure(MoveError::function_sets,
                                       "function-sets: the target has no {}: see without-function-sets in the manifest",
                                       first.empty() ? "such set" : first));
    }
    if (const auto safe = check_characteristics(shape.cpu_characteristics, roster_.cpu_characteristics()); !safe)
        return std::unexpected(safe.error());
    if (const auto had = check_facilities(shape.facilities, roster_.facilities()); !had)
        return std::unexpected(had.error());
    if (const std::uint32_t left = roster_.unallocated_capacity(); shape.claim.entitled > left)
        return std::unexpected(failure(MoveError::entitled_capacity,
                                       "entitled-capacity is {} hundredths of a processor, and the target has {} left",
                                       shape.claim.entitled, left));
    if (const std::uint32_t left = roster_.processors_to_dedicate(); shape.claim.dedicated() && shape.vcpus > left)
        return std::unexpected(failure(
            MoveError::entitled_capacity,
            "entitled-capacity: {} dedicated processors, and the target has {} left to dedicate", shape.vcpus, left));
    if (const auto drained = check_drained(arriving_.partition()); !drained)
        return std::unexpected(drained.error());
    const auto created = roster_.begin_empty({.name = shape.name(),
                                              .memory = shape.memory_size,
                                              .virtual_processors = shape.vcpus,
                                              .granule = shape.granule,
                                              .log2_page_table_size = shape.table_log2,
                                              .large_pages = shape.large_pages,
                                              .function_sets = shape.function_sets,
                                              .entitled_capacity = shape.claim.entitled,
                                              .capacity_weight = shape.claim.weight,
                                              .capped = shape.claim.capped,
                                              .processors = shape.claim.processors,
                                              .told_characteristics = shape.cpu_characteristics,
                                              .told_facilities = shape.facilities});
    if (!created)
        return std::unexpected(failure(MoveError::memory, "{}", created.error().view()));
    // Not before it is known that the partition fits: of a large one these are large.
    const auto without = [&](std::string_view what) {
        discard(**created);
        return std::unexpected(
            failure(MoveError::memory, "no memory for the {} of {} granules", what, shape.granules()));
    };
    const auto definition = observer_.expect(shape);
    if (!definition) {
        roster_.destroy(**created);
        return std::unexpected(definition.error());
    }
    PageArrivals* const pages = arriving_.begin(shape);
    if (pages == nullptr)
        return without("states");
    const auto words = digests_.begin_beside(shape);
    if (!words)
        return without("digests");
    arriving_.belong_to(**created);
    return Arrival{.partition = *created,
                   .digests = *words,
                   .pages = pages,
                   .table = arriving_.table(),
                   .definition = *definition};
}

std::expected<bool, Failure> Mover::prepare(Partition& partition, bool post_copy, std::uint64_t budget) {
    const std::uint64_t began = now();
    const auto left = [&] { return budget - std::min(now() - began, budget); };
    if (!arriving_.clear(budget) || !roster_.prepare(partition, left()))
        return false;
    return post_copy ? prepare_second_table(partition, left()) : true;
}

std::expected<void, Failure> Mover::define(const Partition& partition, std::uint64_t digest) {
    return observer_.define(partition, digest);
}

void Mover::start(Partition& partition) {
    digests_.keep();
    observer_.arrived(partition);
    roster_.start(partition);
    announce(partition);
    partition.dual->give_back(frames_); // it was there for a start before all had come
}

void Mover::start_early(Partition& partition, PageArrivals& pages) {
    partition.memory.limit_to_present(pages.present(), partition.granule);
    partition.dual->begin(partition, pages, dual::StorePolicy::as_in_t1);
    // Nobody has been inside, so this is the grace period: every processor's first way in is to the second table.
    invariant(partition.dual->advance() == dual::Phase::dual, "a partition that has not run is in its page table");
    observer_.arrived(partition);
    roster_.start(partition);
    announce(partition);
}

void Mover::complete(Partition& partition, bool whole) {
    if (whole) {
        digests_.keep();
    } else {
        digests_.drop();
        digests_.forget(partition.name());
    }
    partition.memory.lift_limit();
    partition.dual->stop();
}

void Mover::discard(Partition& partition) {
    observer_.not_arrived();
    roster_.destroy(partition);
}

} // namespace transom::migrate
