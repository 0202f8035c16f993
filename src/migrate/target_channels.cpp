// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/panic.hpp>
#include <transom/migrate/target_channels.hpp>

namespace transom::migrate {

net::StreamHandler* TargetChannels::accepted(net::ByteStream& stream) {
    TargetChannel* oldest = nullptr;
    std::size_t unknown = 0;
    for (TargetChannel& each : places_)
        if (!each.free() && !each.joined()) {
            ++unknown;
            oldest = oldest == nullptr || each.came_at() < oldest->came_at() ? &each : oldest;
        }
    if (unknown == strangers)
        oldest->end();
    const auto place = std::ranges::find_if(places_, &TargetChannel::free);
    invariant(place != places_.end(), "more channels have joined than there may be");
    place->accept(user_, stream, limits_.receive);
    return &*place;
}

void TargetChannels::end() {
    for (TargetChannel& place : places_)
        if (place.joined())
            place.end();
}

bool TargetChannels::step() {
    bool more = false;
    for (TargetChannel& place : places_)
        more = place.step(limits_.first_record) || more;
    return more;
}

unsigned TargetChannels::joined() const {
    return static_cast<unsigned>(std::ranges::count_if(places_, &TargetChannel::joined));
}

std::uint64_t TargetChannels::bytes() const {
    std::uint64_t sum = 0;
    for (const TargetChannel& place : places_)
        sum += place.bytes();
    return sum;
}

void TargetChannels::forget_bytes() {
    for (TargetChannel& place : places_)
        place.forget_bytes();
}

} // namespace transom::migrate
