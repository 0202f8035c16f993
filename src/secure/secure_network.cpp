// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/base/log.hpp>
#include <transom/secure/secure_network.hpp>
#include <tuple>

namespace transom::secure {

using net::StreamError;

std::uint64_t SecureNetwork::now() { return arch::timebase(); }

SecureStream* SecureNetwork::free_place() {
    const auto place = std::ranges::find_if(places_, [](const SecureStream& each) { return !each.in_use(); });
    return place == places_.end() ? nullptr : &*place;
}

std::expected<void, StreamError> SecureNetwork::listen(net::InterfaceId interface, std::uint16_t port,
                                                       net::Listener& listener) {
    if (!identity_.complete())
        return std::unexpected(StreamError::no_keys);
    if (listener_count_ == listeners_.size())
        return std::unexpected(StreamError::too_many);
    Entry& entry = listeners_[listener_count_];
    entry.network = this;
    entry.listener = &listener;
    auto listens = below_.listen(interface, port, entry);
    if (listens)
        ++listener_count_;
    return listens;
}

std::expected<net::ByteStream*, StreamError> SecureNetwork::connect(net::Ipv4Address address, std::uint16_t port,
                                                                    net::StreamHandler& handler) {
    if (!identity_.complete())
        return std::unexpected(StreamError::no_keys);
    SecureStream* const place = free_place();
    if (place == nullptr)
        return std::unexpected(StreamError::too_many);
    std::array<std::byte, seed_size> entropy;
    if (!entropy_.draw(entropy))
        return std::unexpected(StreamError::no_entropy);
    const auto below = below_.connect(address, port, place->below_handler());
    if (below) {
        place->adopt(*this, Tls::Role::connector, entropy);
        place->adopt_connecting(**below, handler);
    }
    wipe(entropy);
    if (!below)
        return std::unexpected(below.error());
    return place;
}

net::StreamHandler* SecureNetwork::accepted(net::ByteStream& below, net::Listener& listener) {
    if (!make_room(below.peer())) {
        tell(below.peer(), "is refused: too many who have not shown who they are call at once");
        return nullptr;
    }
    SecureStream* const place = free_place();
    if (place == nullptr) {
        tell(below.peer(), "is refused: all connections of this machine are in use");
        return nullptr;
    }
    std::array<std::byte, seed_size> entropy;
    if (!entropy_.draw(entropy)) {
        tell(below.peer(), "is refused: this machine has no random numbers to make keys of");
        return nullptr;
    }
    place->adopt(*this, Tls::Role::acceptor, entropy);
    wipe(entropy);
    return &place->adopt_accepted(below, listener);
}

/// Strangers must not keep a machine out that is known: its handshake takes some ten milliseconds, but they may call as fast as they like.
/// Nobody goes who waits for us, or has just come. Who has not said a whole ClientHello goes before who has, then an address of which there
/// are many before one of which there are few, then the oldest. False: the new one has to go, because nobody else may, or because there are
/// more of its address.
bool SecureNetwork::make_room(net::Ipv4Address caller) {
    if (std::ranges::count_if(places_, &SecureStream::half_open) < static_cast<std::ptrdiff_t>(max_half_open))
        return true;
    const std::uint64_t grace = grace_ms * frequency_ / 1000;
    const auto may_go = [&](const SecureStream& each) {
        return each.half_open() && !each.waits_for_turn() && now() - each.began() >= grace;
    };
    const auto of_address = [&](net::Ipv4Address address) {
        return std::ranges::count_if(
            places_, [&](const SecureStream& each) { return each.half_open() && each.peer() == address; });
    };
    const auto how_soon = [&](const SecureStream& stream) {
        return std::tuple(!stream.has_greeted(), of_address(stream.peer()), now() - stream.began());
    };
    SecureStream* first = nullptr;
    for (SecureStream& each : places_)
        if (may_go(each) && (first == nullptr || how_soon(each) > how_soon(*first)))
            first = &each;
    if (first == nullptr || of_address(first->peer()) < of_address(caller))
        return false;
    tell(first->peer(), "has to make room for another: it has not shown who it is");
    first->drop();
    return true;
}

bool SecureNetwork::has_turn(const SecureStream& stream) {
    const auto waits = [&](const SecureStream& each) { return &each != &stream && each.waits_for_turn(); };
    if (turn_ == nullptr && now() >= next_turn_ && std::ranges::none_of(places_, waits))
        turn_ = &stream;
    return turn_ == &stream;
}

void SecureNetwork::worked(const SecureStream& stream, std::uint64_t began, std::uint64_t ended) {
    if (turn_ != &stream)
        return;
    turn_ended_ = ended;
    turn_took_ += ended - began;
    handshake_ticks_ += ended - began;
}

/// The next is who has waited longest. Answers after how many ticks that will be.
std::uint64_t SecureNetwork::pass_turn() {
    const std::uint64_t at = now();
    if (std::exchange(turn_, nullptr) != nullptr)
        next_turn_ = turn_ended_ + use_.pause * std::exchange(turn_took_, 0);
    const SecureStream* next = nullptr;
    for (const SecureStream& each : places_)
        if (each.waits_for_turn() && (next == nullptr || each.began() < next->began()))
            next = &each;
    if (next == nullptr)
        return ~std::uint64_t{0};
    if (at < next_turn_)
        return next_turn_ - at;
    turn_ = next;
    return 0;
}

std::uint64_t SecureNetwork::run() {
    std::uint64_t next = pass_turn();
    const auto open = static_cast<std::size_t>(
        std::ranges::count(places_, SecureStream::State::open, [](const SecureStream& place) { return place.state_; }));
    for (SecureStream& place : places_) {
        if (place.begin_round(open))
            next = 0;
        if (place.state_ == SecureStream::State::open)
            place.work();
        if (place.state_ != SecureStream::State::shaking && place.state_ != SecureStream::State::closing)
            continue;
        const std::uint64_t limit = handshake_limit_s * frequency_;
        const std::uint64_t at = now();
        const std::uint64_t passed = at - place.began() - place.excused(at);
        if (passed >= limit)
            place.expire();
        else
            next = std::min(next, limit - passed);
    }
    return next;
}

void SecureNetwork::tell(net::Ipv4Address peer, std::string_view what) {
    constexpr std::uint64_t lines_in_a_second = 4;
    const std::uint64_t at = now();
    if (at - second_began_ >= frequency_) {
        second_began_ = at;
        lines_ = 0;
    }
    if (lines_ == lines_in_a_second) {
        ++untold_;
        return;
    }
    ++lines_;
    const std::uint32_t a = peer.value;
    log("{}: {}.{}.{}.{} {}", use_.name, a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, what);
    if (const std::uint64_t untold = std::exchange(untold_, 0); untold != 0)
        log("{}: {} more lines of that kind were left out", use_.name, untold);
}

} // namespace transom::secure
