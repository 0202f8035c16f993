// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/base/panic.hpp>
#include <transom/hcall/table.hpp>
#include <transom/partition/construction.hpp>
#include <transom/partition/decrementer.hpp>
#include <transom/partition/msr.hpp>
#include <transom/partition/told_nodes.hpp>
#include <transom/rtas/table.hpp>

namespace transom::partition {

namespace {

constexpr std::uint64_t entry_msr = msr::sf | msr::me;
constexpr std::size_t max_rtas_calls = 48;
constexpr Bytes portion = memory::frame_size;

void fill(Partition& partition, LogicalAddr to, std::span<const std::byte> from) {
    invariant(partition.memory.write(to, from).has_value(), "write outside of a new partition's memory");
}

} // namespace

std::expected<void, CreateError> Construction::begin_empty(Partition& partition, const Shape& shape,
                                                           const Resources& from) {
    *this = Construction();
    if (const auto taken = take(partition, shape, from); !taken)
        return taken;
    phase_ = Phase::scrubbing;
    return {};
}

std::expected<void, CreateError> Construction::begin(Partition& partition,
                                                     const tree::PartitionDescription& description,
                                                     const tree::Manifest& bundle, const Resources& from,
                                                     std::span<std::byte> scratch) {
    const Shape shape = shape_of(description);
    if (const auto begun = begin_empty(partition, shape, from); !begun)
        return begun;
    set_terminals(partition, description.terminals);
    partition.sees_pool = description.pool_idle_count;
    partition.keeps_place = description.keeps_place;
    if (description.observe_calls)
        partition.observation.start();
    scratch_ = scratch;
    if (const auto planned = plan(partition, description, shape, bundle, from); !planned) {
        *this = Construction();
        destroy(partition, from.frames);
        return planned;
    }
    has_contents_ = true;
    return {};
}

/// Finds out all that can be wrong, before anything is written.
std::expected<void, CreateError> Construction::plan(const Partition& partition, const tree::PartitionDescription& d,
                                                    const Shape& shape, const tree::Manifest& bundle,
                                                    const Resources& from) {
    const auto contents = check_contents(d, bundle);
    if (!contents)
        return std::unexpected(contents.error());
    contents_ = *contents;
    return write_tree(partition, d, shape, from);
}

std::expected<void, CreateError> Construction::write_tree(const Partition& partition,
                                                          const tree::PartitionDescription& d, const Shape& shape,
                                                          const Resources& from) {
    StaticVector<tree::RtasToken, max_rtas_calls> calls;
    for (const rtas::Row& row : rtas::rows())
        invariant(calls.push_back({row.name, row.token}), "more RTAS calls than the device tree has room for");
    const hcall::SetNames sets = hcall::hypertas_functions(partition.allowed_calls.sets());
    const ToldNodes nodes(partition, from);
    const auto written = tree::write_partition_tree({.name = d.name,
                                                     .number = partition.lpid,
                                                     .processor = from.processor,
                                                     .virtual_processors = shape.virtual_processors,
                                                     .memory = shape.memory,
                                                     .nodes = nodes.tree_nodes(),
                                                     .log2_page_table_size = shape.log2_page_table_size,
                                                     .large_pages = shape.large_pages,
                                                     .terminals = partition.terminal_count,
                                                     .rtas = contents_.layout.rtas,
                                                     .rtas_calls = calls.span(),
                                                     .hypertas_functions = sets.span(),
                                                     .initramfs = contents_.layout.initramfs,
                                                     .bootargs = d.bootargs},
                                                    scratch_.first(tree::partition_tree_capacity));
    if (!written)
        return std::unexpected(CreateError::formatted(CreateFault::does_not_fit,
                                                      "partition {}: its device tree has more than {} bytes: shorten "
                                                      "bootargs",
                                                      d.name, tree::partition_tree_capacity));
    tree_size_ = *written;
    return {};
}

/// False: all of the partition's memory is zero.
bool Construction::scrub_frame(const Partition& partition, memory::Frames& frames) {
    constexpr unsigned most_looked_at = 1024; // of those that are zero already
    for (unsigned looked_at = 0; looked_at < most_looked_at; ++looked_at) {
        const RealRange piece = piece_of(partition, piece_);
        if (piece.empty())
            return false;
        const RealRange frame{piece.begin + scrubbed_, memory::frame_size};
        scrubbed_ += frame.size;
        if (scrubbed_ == piece.size) {
            ++piece_;
            scrubbed_ = 0;
        }
        if (!frames.is_zeroed(frame)) {
            frames.zero(frame);
            break;
        }
    }
    return true;
}

bool Construction::load_kernel(Partition& partition) {
    const auto more = load_part(contents_.kernel, partition.memory, cursor_, portion);
    invariant(more.has_value(), "a kernel that fits does not");
    return *more;
}

bool Construction::load_initramfs(Partition& partition) {
    const Bytes n = std::min<Bytes>(portion, contents_.initramfs.size() - copied_);
    fill(partition, contents_.layout.initramfs.begin + copied_, contents_.initramfs.subspan(copied_, n));
    copied_ += n;
    return copied_ < contents_.initramfs.size();
}

void Construction::finish(Partition& partition) {
    fill(partition, contents_.layout.rtas.begin, std::as_bytes(std::span(rtas_code)));
    fill(partition, contents_.layout.tree.begin, scratch_.first(tree_size_));
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i) // building it may have taken longer than that
        partition.vcpus[i].decrementer_expiry = arch::timebase() + largest_decrementer;
    Vcpu& first = partition.vcpus[0];
    first.registers.gpr[3] = contents_.layout.tree.begin.value;
    first.registers.nip = contents_.entry.value;
    first.registers.msr = entry_msr;
    first.state = VcpuState::ready;
    *this = Construction();
}

void Construction::step(Partition& partition, memory::Frames& frames) {
    switch (phase_) {
    case Phase::scrubbing:
        if (!scrub_frame(partition, frames))
            phase_ = has_contents_ ? Phase::kernel : Phase::over;
        break;
    case Phase::kernel:
        if (!load_kernel(partition))
            phase_ = Phase::initramfs;
        break;
    case Phase::initramfs:
        if (!load_initramfs(partition))
            phase_ = Phase::rest;
        break;
    case Phase::rest:
        finish(partition);
        break;
    case Phase::over:
        break;
    }
}

} // namespace transom::partition
