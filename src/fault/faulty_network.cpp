// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/panic.hpp>
#include <transom/fault/faulty_network.hpp>

namespace transom::fault {

FaultyStream* FaultyNetwork::free_place() {
    const auto place = std::ranges::find_if(streams_, [](const FaultyStream& stream) { return !stream.in_use(); });
    return place == streams_.end() ? nullptr : &*place;
}

std::expected<void, net::StreamError> FaultyNetwork::listen(net::InterfaceId interface, std::uint16_t port,
                                                            net::Listener& listener) {
    const auto place = std::ranges::find(ports_, nullptr, &Port::listener);
    invariant(place != ports_.end(), "a third port for migrations");
    place->network = this;
    place->listener = &listener;
    return inner_.listen(interface, port, *place);
}

std::expected<net::ByteStream*, net::StreamError> FaultyNetwork::connect(net::Ipv4Address address, std::uint16_t port,
                                                                         net::StreamHandler& handler) {
    FaultyStream* const place = free_place();
    if (place == nullptr)
        return std::unexpected(net::StreamError::too_many);
    place->open(plan_, framing_, handler);
    const auto inner = inner_.connect(address, port, *place);
    if (!inner) {
        place->release();
        return inner;
    }
    place->belong_to(**inner);
    return place;
}

net::StreamHandler* FaultyNetwork::Port::accepted(net::ByteStream& stream) {
    FaultyStream* const place = network->free_place();
    if (place == nullptr)
        return nullptr;
    place->open(network->plan_, network->framing_, stream);
    net::StreamHandler* const handler = listener->accepted(*place);
    if (handler == nullptr) {
        place->release();
        return nullptr;
    }
    place->handled_by(*handler);
    return place;
}

std::uint64_t FaultyNetwork::run() {
    for (FaultyStream& stream : streams_)
        stream.deliver();
    const bool was_held = held_;
    held_ = plan_.holds();
    if (was_held && !held_)
        for (FaultyStream& stream : streams_)
            stream.go_on();
    return plan_.state() == FaultState::none ? ~std::uint64_t{0} : 0;
}

} // namespace transom::fault
