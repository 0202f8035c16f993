// SPDX-License-Identifier: Apache-2.0
#include "hpt_scene.hpp"
#include <arch/real_memory.hpp>
#include <arch/table_memory.hpp>
#include <gtest/gtest.h>
#include <thread>

namespace transom::stress {
namespace {

constexpr std::uint64_t lock_bit = 0x40;                  // bit 57 of d0
constexpr std::uint64_t own_entry = 1ull << 62;           // bit 1 of a guest word: the hypervisor's
constexpr std::uint64_t page_number = 0x0fffffffffff0000; // of 64 KiB pages
constexpr std::uint64_t real_page = 0x03ffffffffff0000;   // in a machine's entry: ISA 3.0 has B above it

} // namespace

thread_local Caller* Caller::current = nullptr;

HptScene::HptScene(hpt::Format format)
    : format_(format), guest_words_((std::size_t{1} << log2_table_bytes) / 16),
      table_(reinterpret_cast<std::array<std::uint64_t, 2>*>(arch::real_pointer(table_address_))) {
    EXPECT_TRUE(partition_->memory.add_block(arch::fake_real_base));
    partition_->state = partition::PartitionState::running;
    partition_->lpid = 7;
    partition_->vcpu_count = callers;
    partition_->allowed_calls.allow(papr::FunctionSets::all());
    for (std::uint32_t i = 0; i < callers; ++i) {
        partition_->vcpus[i].partition = partition_.get();
        partition_->vcpus[i].index = i;
    }
    partition_->hpt.init(table_address_, log2_table_bytes, guest_words_, {.format = format});
    for (auto& walker : walkers_)
        walker = std::make_unique<Walker>(*this);
    machine_.on_flush_ = [this](const arch::FakeFlush& what) { flush(what); };
}

hpt::VirtualPage HptScene::page_of(papr::Ptex slot, std::uint64_t d0, std::uint64_t d1) const {
    return hpt::virtual_page(hpt::to_papr_d0(format_, {d0, d1}), page_sizes_used, slot);
}

bool HptScene::maps_what_it_should(std::optional<Instance> instance, const hpt::VirtualPage& page,
                                   std::uint64_t d1) const {
    const LogicalAddr logical{instance ? instance->logical_page() : page.address & 0xff0000};
    return (d1 & real_page) == partition_->memory.translate(logical)->value;
}

/// In its primary and its secondary group: those that hold the instance, locked and invalid.
unsigned HptScene::locked_slots_of(Instance instance) {
    unsigned count = 0;
    for (const papr::GroupIndex group : instance.groups())
        for (unsigned i = 0; i < papr::slots_per_group; ++i) {
            const papr::Ptex slot = papr::ptex(group, i);
            const std::uint64_t d0 = arch::load_table_word_first(words(slot)[0]);
            const std::uint64_t d1 = arch::load_table_word(words(slot)[1]);
            if ((d0 & lock_bit) != 0 && (d0 & papr::d0::valid) == 0 && Instance::of(page_of(slot, d0, d1)) == instance)
                ++count;
        }
    return count;
}

/// As the last processor answers: from now on nobody can set R or C through what was flushed.
void HptScene::flush(const arch::FakeFlush& flush) {
    EXPECT_EQ(flush.lpid, partition_->lpid);
    std::this_thread::yield(); // the entry is invalid, and processors still have it
    for (auto& walker : walkers_)
        flush.page ? walker->flush(*flush.page) : walker->flush_all();
    if (!flush.page)
        return;
    const auto instance = Instance::of(*flush.page);
    if (!instance)
        return;
    EXPECT_EQ(locked_slots_of(*instance), 1u) << "flushed while the entry was not locked and invalid";
    Truth& truth = truths_[*instance];
    Caller& caller = *Caller::current;
    caller.flushed.push_back({*instance, truth.usage.load(), truth.protection.load()});
    truth.usage &= ~caller.clears;
    if (caller.protection)
        truth.protection = *caller.protection;
    if (caller.removes) {
        EXPECT_FALSE(truth.removed.exchange(true)) << "removed twice";
    }
}

void HptScene::check_slot(papr::Ptex slot, std::vector<bool>& found) {
    const std::uint64_t d0 = arch::load_table_word(words(slot)[0]), d1 = arch::load_table_word(words(slot)[1]);
    EXPECT_EQ(d0 & lock_bit, 0u) << "slot " << slot.value << " is locked";
    if ((d0 & papr::d0::valid) == 0)
        return;
    const hpt::VirtualPage page = page_of(slot, d0, d1);
    const bool own = (guest_words_[slot.value] & own_entry) != 0;
    const auto instance = Instance::of(page);
    EXPECT_NE(instance.has_value(), own) << "slot " << slot.value;
    EXPECT_TRUE(maps_what_it_should(instance, page, d1)) << "slot " << slot.value << " d1 " << std::hex << d1;
    if (!instance)
        return;
    const Truth& truth = truths_[*instance];
    EXPECT_TRUE(truth.entered && !truth.removed) << instance->number;
    EXPECT_FALSE(found[instance->number]) << instance->number << " is there twice";
    found[instance->number] = true;
    const auto seen = partition_->hpt.read(slot);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->d0 & papr::d0::compared, instance->d0() & papr::d0::compared);
    EXPECT_EQ(seen->d1 & page_number, instance->logical_page());
    EXPECT_EQ(seen->d1 & papr::d1::usage, truth.usage) << "R and C of " << instance->number;
    EXPECT_EQ(seen->d1 & papr::d1::protection, truth.protection);
    EXPECT_EQ(d1 & papr::d1::protection, truth.protection);
}

std::uint64_t HptScene::check_at_end(bool all) {
    std::vector<bool> found(truths_.size());
    for (std::uint64_t i = 0; i < partition_->hpt.slot_count(); ++i)
        check_slot({i}, found);
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < truths_.size(); ++i) {
        const Truth& truth = truths_[{i}];
        count += found[i] ? 1 : 0;
        if (all) {
            EXPECT_EQ(static_cast<bool>(found[i]), truth.entered && !truth.removed) << i << " is lost";
        }
    }
    return count;
}

} // namespace transom::stress
