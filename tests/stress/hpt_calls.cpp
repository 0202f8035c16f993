// SPDX-License-Identifier: Apache-2.0
#include "hpt_calls.hpp"
#include <gtest/gtest.h>
#include <transom/hcall/dispatch.hpp>

namespace transom::stress {

using papr::Op;
using papr::Status;

namespace {

constexpr std::uint64_t page_number = 0x0fffffffffff0000; // of 64 KiB pages

/// The flags of H_PROTECT that ask for a protection. LoPAR H_PROTECT.
std::uint64_t protect_flags(std::uint64_t protection) {
    return (protection & (papr::d1::key_low | papr::d1::no_execute | papr::d1::pp)) |
           ((protection & papr::d1::pp0) >> 55) | ((protection & papr::d1::key_high) >> 48);
}

} // namespace

HptCalls::HptCalls(HptScene& scene, unsigned index, std::uint64_t seed)
    : scene_(scene), vcpu_(scene.partition().vcpus[index]), random_(seed, index), block_(1 + index) {}

Status HptCalls::call(Op op, std::initializer_list<std::uint64_t> arguments) {
    auto& gpr = vcpu_.registers.gpr;
    gpr[3] = static_cast<std::uint64_t>(op);
    std::copy(arguments.begin(), arguments.end(), gpr.begin() + 4);
    caller_.flushed.clear();
    Caller::current = &caller_;
    const hcall::Outcome outcome = hcall::dispatch(vcpu_);
    Caller::current = nullptr;
    EXPECT_EQ(outcome.then, hcall::Then::resume);
    changes_ += caller_.flushed.size();
    return outcome.status;
}

std::uint64_t HptCalls::random_protection() {
    return random_.below(4) | (random_.one_in(2) ? papr::d1::no_execute : 0) | random_.below(8) << 9 |
           (random_.one_in(2) ? papr::d1::pp0 : 0) | random_.below(4) << 60;
}

std::optional<HptCalls::Known> HptCalls::random_known() {
    const Known& known = known_[random_.below(known_.size())];
    return known.d0 != 0 ? std::optional(known) : std::nullopt;
}

void HptCalls::enter() {
    if (block_ >= Instance::blocks)
        return;
    const Instance instance{block_ * Instance::in_block + next_in_block_};
    Known& known = known_[block_ / HptScene::callers % 2 * Instance::in_block + next_in_block_];
    if (++next_in_block_ == Instance::in_block) {
        next_in_block_ = 0;
        block_ += HptScene::callers;
    }
    const bool secondary = random_.one_in(4);
    const papr::GroupIndex group = instance.groups()[secondary ? 1 : 0];
    const std::uint64_t protection = random_protection(), usage = random_.below(4) << 7;
    const std::uint64_t d0 = instance.d0() | (secondary ? papr::d0::secondary : 0) |
                             (random_.one_in(8) ? papr::d0::bolted : 0) | random_.below(2) << 3;
    Truth& truth = scene_.truths()[instance];
    truth.usage = usage;
    truth.usage_ever = usage;
    truth.protection = protection;
    truth.entered = true; // as soon as it is in the table others may remove it
    const Status status =
        call(Op::enter, {random_.one_in(4) ? papr::hpt_flag::exact : 0,
                         papr::ptex(group, static_cast<unsigned>(random_.below(8))).value, d0,
                         instance.logical_page() | 0x1000 | papr::d1::wimg_memory | protection | usage});
    if (status != Status::success) {
        EXPECT_EQ(status, Status::pteg_full);
        EXPECT_TRUE(caller_.flushed.empty());
        truth.entered = false;
        known = {};
        return;
    }
    const papr::Ptex slot{output(0)};
    EXPECT_EQ(slot.group(), group);
    known = {slot, instance, d0};
    ++changes_;
}

void HptCalls::remove() {
    const auto known = random_.one_in(2) ? random_known() : std::nullopt;
    const papr::Ptex slot = known ? known->slot : random_slot();
    const std::uint64_t condition = known ? papr::hpt_flag::avpn : random_.one_in(2) ? papr::hpt_flag::andcond : 0;
    const Status status = call(Op::remove, {condition, slot.value, known ? known->d0 : random_.below(4) << 3});
    if (status != Status::success) {
        EXPECT_EQ(status, Status::not_found);
        EXPECT_TRUE(caller_.flushed.empty());
        return;
    }
    ASSERT_EQ(caller_.flushed.size(), 1u);
    const Flushed& gone = caller_.flushed[0];
    if (known) {
        EXPECT_EQ(gone.instance.vsid(), known->instance.vsid());
    }
    EXPECT_EQ(output(0) & papr::d0::compared, gone.instance.d0() & papr::d0::compared);
    EXPECT_EQ(output(1) & page_number, gone.instance.logical_page());
    EXPECT_EQ(output(1) & papr::d1::usage, gone.usage) << "R and C of what H_REMOVE removed";
    EXPECT_EQ(output(1) & papr::d1::protection, gone.protection);
}

void HptCalls::bulk_remove() {
    namespace bulk = papr::bulk;
    std::array<std::uint64_t, 8> all{bulk::end};
    const std::uint64_t count = 1 + random_.below(bulk::max_specifiers);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto known = random_.one_in(2) ? random_known() : std::nullopt;
        all[2 * i] = bulk::request | (known ? known->slot : random_slot()).value |
                     (known ? bulk::condition_avpn : bulk::condition_none);
        all[2 * i + 1] = known ? known->d0 : 0;
        if (i + 1 < bulk::max_specifiers)
            all[2 * i + 2] = bulk::end;
    }
    EXPECT_EQ(call(Op::bulk_remove, {all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7]}), Status::success);
    std::size_t removed = 0;
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t answer = output(2 * i);
        ASSERT_EQ(answer & bulk::type, bulk::response);
        if ((answer & bulk::code) == bulk::code_not_found)
            continue;
        ASSERT_EQ(answer & bulk::code, bulk::code_success);
        ASSERT_LT(removed, caller_.flushed.size());
        EXPECT_EQ(answer >> bulk::usage_shift & papr::d1::usage, caller_.flushed[removed].usage)
            << "R and C of what H_BULK_REMOVE removed";
        ++removed;
    }
    EXPECT_EQ(removed, caller_.flushed.size());
}

/// Entries of one of the caller's own blocks, or any.
void HptCalls::block_remove() {
    namespace block = papr::block;
    const auto anchor = random_.one_in(4) ? std::nullopt : random_known();
    std::array<std::uint64_t, block::max_specifiers> all{};
    unsigned count = 0;
    if (anchor) {
        for (const Known& each : known_)
            if (each.d0 != 0 && each.instance.vsid() == anchor->instance.vsid())
                all[count++] = papr::bulk::request | block::condition_avpn | each.slot.value;
    } else {
        while (count == 0 || (count < block::max_specifiers && !random_.one_in(4)))
            all[count++] = papr::bulk::request | random_slot().value;
    }
    if (count < block::max_specifiers)
        all[count] = papr::bulk::end;
    const Status status = call(
        Op::block_remove, {anchor ? anchor->d0 : 0, all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7]});
    std::size_t removed = 0;
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t answer = output(i);
        ASSERT_EQ(answer & papr::bulk::type, papr::bulk::response);
        if ((answer & 0x3800000000000000) != block::code_success)
            continue;
        ASSERT_LT(removed, caller_.flushed.size());
        const Flushed& gone = caller_.flushed[removed];
        EXPECT_EQ(gone.instance.vsid(), caller_.flushed[0].instance.vsid());
        if (anchor) {
            EXPECT_EQ(gone.instance.vsid(), anchor->instance.vsid());
        }
        EXPECT_EQ(answer >> block::usage_shift & papr::d1::usage, gone.usage)
            << "R and C of what H_BLOCK_REMOVE removed";
        ++removed;
    }
    EXPECT_EQ(removed, caller_.flushed.size());
    EXPECT_EQ(status, removed == count ? Status::success : Status::partial);
}

void HptCalls::protect() {
    const auto known = random_.one_in(2) ? random_known() : std::nullopt;
    const std::uint64_t wanted = random_protection();
    caller_.protection = wanted;
    const Status status = call(Op::protect, {protect_flags(wanted) | (known ? papr::hpt_flag::avpn : 0),
                                             (known ? known->slot : random_slot()).value, known ? known->d0 : 0});
    EXPECT_TRUE(status == Status::success || (status == Status::not_found && caller_.flushed.empty()));
    EXPECT_LE(caller_.flushed.size(), 1u);
}

void HptCalls::clear() {
    const bool changed = random_.one_in(2);
    const std::uint64_t bit = changed ? papr::d1::changed : papr::d1::referenced;
    caller_.clears = bit;
    const Status status = call(changed ? Op::clear_mod : Op::clear_ref, {0, random_slot().value});
    if (status != Status::success) {
        EXPECT_EQ(status, Status::not_found);
        EXPECT_TRUE(caller_.flushed.empty());
        return;
    }
    if (caller_.flushed.empty()) {
        EXPECT_EQ(output(0) & bit, 0u) << "the bit was cleared without a flush";
        return;
    }
    ASSERT_EQ(caller_.flushed.size(), 1u);
    const Flushed& before = caller_.flushed[0];
    EXPECT_EQ(output(0) & page_number, before.instance.logical_page());
    EXPECT_EQ(output(0) & papr::d1::usage, before.usage) << "R and C as they were cleared";
    EXPECT_EQ(output(0) & papr::d1::protection, before.protection);
}

void HptCalls::read() {
    const bool four = random_.one_in(2);
    const papr::Ptex slot = random_slot();
    EXPECT_EQ(call(Op::read, {four ? papr::hpt_flag::read_4 : 0, slot.value}), Status::success);
    for (unsigned i = 0; i < (four ? 4 : 1); ++i) {
        const papr::PageTableEntry entry{output(2 * i), output(2 * i + 1)};
        if (!entry.valid())
            continue;
        const papr::Ptex where{four ? (slot.value & ~std::uint64_t{3}) + i : slot.value};
        const auto instance = Instance::of(hpt::virtual_page(entry.d0, page_sizes_used, where));
        ASSERT_TRUE(instance) << "H_READ shows an entry of the hypervisor's";
        const Truth& truth = scene_.truths()[*instance];
        EXPECT_TRUE(truth.entered);
        EXPECT_EQ(entry.d1 & page_number, instance->logical_page());
        EXPECT_EQ(entry.d1 & papr::d1::usage & ~truth.usage_ever, 0u);
    }
}

/// As an access to memory in real mode makes it, which came from inside the partition.
void HptCalls::fault_in_real_mode() {
    const auto done = scene_.partition().hpt.insert_real_mode({random_.below(8) << 16}, scene_.partition().memory);
    EXPECT_TRUE(done || done.error() == hpt::TableError::group_full);
}

void HptCalls::clear_table() {
    caller_ = {};
    Status status = Status::continue_;
    while ((status = call(Op::clear_hpt, {})) == Status::continue_) {}
    EXPECT_EQ(status, Status::success);
}

void HptCalls::step() {
    caller_ = {};
    const std::uint64_t what = random_.below(16);
    caller_.removes = what >= 5 && what <= 8;
    switch (what) {
    case 5:
    case 6:
        return remove();
    case 7:
        return bulk_remove();
    case 8:
        return block_remove();
    case 9:
    case 10:
        return protect();
    case 11:
    case 12:
        return clear();
    case 13:
    case 14:
        return read();
    case 15:
        return fault_in_real_mode();
    default:
        return enter();
    }
}

} // namespace transom::stress
