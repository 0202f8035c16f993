// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <transom/base/panic.hpp>
#include <transom/migrate/mover.hpp>

// What a move asks of this machine as its target.

namespace transom::migrate {

using partition::Partition;

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

std::expected<Arrival, Failure> Mover::create(const PartitionShape& shape) {
    if (source_.progress().in_progress())
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
    const auto words = digests_.begin_arriving(shape);
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
    digests_.keep_arrived();
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
        digests_.keep_arrived();
    } else {
        digests_.drop_arriving();
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
