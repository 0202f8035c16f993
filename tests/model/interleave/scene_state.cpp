// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

// What a scene's state is, for the search by states. Not in it: what the engine keeps for whoever leads the move, which follows from the phase (the
// receipt of the last flush) and from how far it has come (that it is to stop; a sweep always ends at the table's end); and what it
// keeps for a processor (how often it has passed, which table its TLB has), which that processor's actor keeps, see Explorer::keeps.
namespace transom::interleave {

void Scene::add_state(Digest& digest) const {
    for (const CheckedMemory* memory : {&first_, &second_}) {
        for (const auto& slot : memory->words())
            for (const std::uint64_t word : slot)
                digest.add(word);
        digest.add(memory->is_given_back());
    }
    for (unsigned i = 0; i < processors; ++i) {
        digest.add(value(first_tlb_place + i));
        digest.add(value(first_walker_place + i));
        digest.add(static_cast<std::uint64_t>(walks_[i]));
    }
    for (unsigned i = 0; i < pages; ++i) {
        digest.add(truths_[i].bits() | std::uint64_t{changed_[i]} << 8);
        digest.add(static_cast<std::uint64_t>(grants_[i]));
    }
    for (const Call& call : calling_) {
        for (const auto& truth : call.at_flush)
            digest.add(truth ? truth->bits() : ~std::uint64_t{0});
        digest.add(call.clears);
        digest.add(static_cast<std::uint64_t>(call.began));
    }
    digest.add(tracked_);
    for (const std::uint32_t place : {phase_place, groups_place, diversion_place, sections_place})
        digest.add(value(place));
    const dual::Counters& counters = engine_.counters();
    for (const auto* counter : {&counters.drained_by_calls, &counters.drained_by_sweep, &counters.mismatches})
        digest.add(counter->load());
    Doing::add_to(digest);
}

std::uint64_t Scene::value(std::uint32_t place) const {
    Digest digest;
    if (place == phase_place) {
        for (const std::uint64_t each : {static_cast<std::uint64_t>(engine_.phase()), std::uint64_t{engine_.active()},
                                         engine_.live(), engine_.live_at_switch(), engine_.awaited()})
            digest.add(each);
    } else if (place == groups_place) {
        digest.add(std::ranges::count_if(live_words_, [](std::uint64_t word) { return word != 0; }));
    } else if (place == diversion_place) {
        return diverted_;
    } else if (place == sections_place) {
        for (const std::uint64_t word : section_words_)
            digest.add(word);
    } else if (place - first_tlb_place < processors) {
        const Tlb& tlb = tlbs_[place - first_tlb_place];
        digest.add(tlb.busy);
        std::uint64_t all = 0; // in which order they came is no matter
        for (const Tlb::Held& held : tlb.held) {
            Digest one;
            for (const std::uint64_t each :
                 {std::uint64_t{held.lpid}, std::uint64_t{held.page}, std::uint64_t{held.second}, held.d1})
                one.add(each);
            all += one.first;
        }
        digest.add(all);
    } else if (place - first_walker_place < processors) {
        const unsigned processor = place - first_walker_place;
        digest.add(engine_.walks_second(processor));
        digest.add(engine_.awaited() >> processor & 1); // what the phase of now waits for
        digest.add(engine_.grace_awaits() >> processor & 1);
    } else if (place >= first_word_place) {
        const std::uint32_t word = place - first_word_place, slot = word / 3;
        const CheckedMemory& memory = slot < CheckedMemory::slots_apart ? first_ : second_;
        return memory.words()[slot % CheckedMemory::slots_apart][word % 3];
    }
    return digest.first;
}

} // namespace transom::interleave
