// SPDX-License-Identifier: Apache-2.0
#include "walker.hpp"
#include "hpt_scene.hpp"
#include <arch/table_memory.hpp>
#include <gtest/gtest.h>

namespace transom::stress {

/// Nobody hands a processor an entry: it reads two words while others change them.
std::optional<Walker::Held> Walker::load(papr::Ptex slot) {
    auto& words = scene_.words(slot);
    const std::uint64_t d0 = arch::load_table_word_first(words[0]);
    if ((d0 & papr::d0::valid) == 0)
        return {};
    const std::uint64_t d1 = arch::load_table_word(words[1]);
    const hpt::VirtualPage page = scene_.page_of(slot, d0, d1);
    const auto instance = Instance::of(page);
    EXPECT_TRUE(scene_.maps_what_it_should(instance, page, d1))
        << "torn: slot " << slot.value << std::hex << " d0 " << d0 << " d1 " << d1;
    if (instance) {
        EXPECT_EQ(d1 & papr::d1::protection, scene_.truths()[*instance].protection) << "torn: slot " << slot.value;
    }
    ++loads_;
    return Held{page, d1, instance};
}

void Walker::set_usage(papr::Ptex slot, Held& held, std::uint64_t bit) {
    if ((held.d1 & bit) != 0)
        return;
    held.d1 |= bit;
    if (held.instance) {
        scene_.truths()[*held.instance].usage_ever |= bit;
        scene_.truths()[*held.instance].usage |= bit;
    }
    // R and C are in the last two bytes, R alone in its own, C with WIMG, N and pp.
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&scene_.words(slot)[1]);
    const std::size_t place = bit == papr::d1::changed ? 7 : 6;
    const auto value = static_cast<std::uint8_t>(held.d1 >> (place == 7 ? 0 : 8));
    std::atomic_ref(bytes[place]).store(value, std::memory_order_relaxed);
    ++changes_;
}

void Walker::access(papr::Ptex slot, bool store) {
    const std::lock_guard lock(busy_);
    auto held = tlb_.find(slot.value);
    if (held == tlb_.end()) {
        const auto loaded = load(slot);
        if (!loaded)
            return;
        held = tlb_.emplace(slot.value, *loaded).first;
    }
    set_usage(slot, held->second, papr::d1::referenced);
    if (store)
        set_usage(slot, held->second, papr::d1::changed);
}

void Walker::flush(const hpt::VirtualPage& page) {
    const std::lock_guard lock(busy_);
    std::erase_if(tlb_, [&](const auto& held) { return held.second.page == page; });
}

void Walker::flush_all() {
    const std::lock_guard lock(busy_);
    tlb_.clear();
}

} // namespace transom::stress
