// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <atomic>
#include <bit>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/net/virtio/split_queue.hpp>

namespace transom::net::virtio {

namespace {

// The rings are little-endian, and so are we.
static_assert(std::endian::native == std::endian::little);

struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

constexpr std::uint16_t descriptor_next = 1;
constexpr std::uint16_t descriptor_write = 2;
constexpr std::uint16_t avail_no_interrupt = 1;
constexpr std::uint16_t used_no_notify = 1;

struct UsedElement {
    std::uint32_t id;
    std::uint32_t length;
};

template <class T> T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T> void store(std::byte* to, const T& value) { std::memcpy(to, &value, sizeof value); }

std::uint16_t load_shared(std::byte* from) {
    return std::atomic_ref(*reinterpret_cast<std::uint16_t*>(from)).load(std::memory_order_acquire);
}

void store_shared(std::byte* to, std::uint16_t value) {
    std::atomic_ref(*reinterpret_cast<std::uint16_t*>(to)).store(value, std::memory_order_release);
}

} // namespace

void SplitQueue::init(std::span<std::byte> memory, std::uint16_t size) {
    invariant(std::has_single_bit(size) && size <= max_size && memory.size() >= bytes_needed(size), "virtqueue size");
    invariant(arch::real_address(memory.data()).aligned(alignment), "virtqueue alignment");
    memory_ = memory.data();
    std::memset(memory_, 0, bytes_needed(size));
    size_ = size;
    free_head_ = 0;
    free_count_ = size;
    avail_index_ = published_index_ = used_index_ = in_flight_ = 0;
    for (std::uint16_t i = 0; i < size; ++i)
        shadow_[i] = {.next = static_cast<std::uint16_t>((i + 1) & mask()), .chain_length = 0, .writable = 0};
    store(memory_ + avail_offset(size), avail_no_interrupt);
}

RealAddr SplitQueue::descriptor_area() const { return arch::real_address(memory_); }
RealAddr SplitQueue::driver_area() const { return descriptor_area() + avail_offset(size_); }
RealAddr SplitQueue::device_area() const { return descriptor_area() + used_offset(size_); }

std::optional<std::uint16_t> SplitQueue::add(std::span<const Piece> pieces, bool device_writes) {
    if (pieces.empty() || pieces.size() > free_count_)
        return std::nullopt;
    const std::uint16_t head = free_head_;
    std::uint32_t bytes = 0;
    std::uint16_t at = head;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool last = i + 1 == pieces.size();
        const auto flags =
            static_cast<std::uint16_t>((last ? 0 : descriptor_next) | (device_writes ? descriptor_write : 0));
        store(memory_ + sizeof(Descriptor) * at,
              Descriptor{pieces[i].address.value, pieces[i].length, flags, last ? std::uint16_t{0} : shadow_[at].next});
        bytes += pieces[i].length;
        free_head_ = shadow_[at].next;
        if (!last)
            at = free_head_;
    }
    free_count_ = static_cast<std::uint16_t>(free_count_ - pieces.size());
    shadow_[head].chain_length = static_cast<std::uint16_t>(pieces.size());
    shadow_[head].writable = device_writes ? bytes : 0;
    store(memory_ + avail_offset(size_) + 4 + Bytes{2} * (avail_index_ & mask()), head);
    ++avail_index_;
    return head;
}

bool SplitQueue::publish() {
    if (published_index_ == avail_index_)
        return false;
    in_flight_ = static_cast<std::uint16_t>(in_flight_ + avail_index_ - published_index_);
    published_index_ = avail_index_;
    store_shared(memory_ + avail_offset(size_) + 2, avail_index_);
    // The index must be out before the flag is read, or both sides wait for each other (virtio 1.0, 3.2.1.4).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return (load_shared(memory_ + used_offset(size_)) & used_no_notify) == 0;
}

void SplitQueue::want_interrupts(bool wanted) {
    store_shared(memory_ + avail_offset(size_), wanted ? std::uint16_t{0} : avail_no_interrupt);
    // The flag must be out before the used ring is looked at again (virtio 1.0, 3.2.2).
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

std::expected<std::optional<SplitQueue::Used>, RingError> SplitQueue::take_used() {
    std::byte* used = memory_ + used_offset(size_);
    const auto ready = static_cast<std::uint16_t>(load_shared(used + 2) - used_index_);
    if (ready == 0)
        return std::nullopt;
    if (ready > in_flight_)
        return std::unexpected(RingError::index_jumped);
    const auto element = load<UsedElement>(used + 4 + sizeof(UsedElement) * (used_index_ & mask()));
    if (element.id >= size_ || shadow_[element.id].chain_length == 0)
        return std::unexpected(RingError::unknown_buffer);
    const auto head = static_cast<std::uint16_t>(element.id);
    Shadow& chain = shadow_[head];
    // Devices may say anything about what they only read.
    if (chain.writable != 0 && element.length > chain.writable)
        return std::unexpected(RingError::bad_length);

    std::uint16_t tail = head;
    for (std::uint16_t i = 1; i < chain.chain_length; ++i)
        tail = shadow_[tail].next;
    shadow_[tail].next = free_head_;
    free_head_ = head;
    free_count_ = static_cast<std::uint16_t>(free_count_ + chain.chain_length);
    chain.chain_length = 0;
    ++used_index_;
    --in_flight_;
    return Used{head, chain.writable != 0 ? element.length : 0};
}

} // namespace transom::net::virtio
