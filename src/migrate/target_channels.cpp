// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/migrate/target_channels.hpp>

namespace transom::migrate {

net::StreamHandler* TargetChannels::accepted(net::ByteStream& stream) {
    const auto place = std::ranges::find_if(places_, &TargetChannel::free);
    if (place == places_.end())
        return nullptr;
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
