// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/source_channels.hpp>

namespace transom::migrate {

void SourceChannels::reset() {
    invariant(pages_ == nullptr, "a move begins with the channels of another");
    for (SourceChannel& channel : channels_)
        channel.forget_bytes();
    lost_ = 0;
    owed_again_ = 0;
}

void SourceChannels::begin(const ChannelRoute& route, unsigned wanted, SourcePages& pages) {
    end(false);
    route_ = route;
    pages_ = &pages;
    wanted_ = std::min<std::size_t>(wanted, capacity);
}

void SourceChannels::end(bool in_order) {
    for (std::size_t i = 0; i < begun_; ++i) {
        channels_[i].end(in_order);
        for (PageIndex page; channels_[i].take_lost(page);) {}
        channels_[i].take_opened();
    }
    pages_ = nullptr;
    wanted_ = begun_ = 0;
}

void SourceChannels::step(std::uint64_t now, bool stands_still) {
    for (std::size_t i = 0; i < begun_; ++i) {
        SourceChannel& channel = channels_[i];
        channel.flush();
        if (channel.silent_for(now) >= (stands_still ? stop_silence_ : silence_)) {
            log("migration: a channel is given up: the target has been silent on it{}",
                stands_still ? " while the partition stands still" : "");
            channel.end(false);
        }
        if (!channel.open() && !channel.connecting())
            reap(i);
    }
    if (begun_ < wanted_ && (begun_ == 0 || !channels_[begun_ - 1].connecting())) {
        if (!channels_[begun_].connect(route_))
            wanted_ = begun_; // no place for a connection
        else
            ++begun_;
    }
}

/// Of a channel that is over. What it has not been told of goes another way.
void SourceChannels::reap(std::size_t index) {
    std::uint64_t owed = 0;
    for (PageIndex page; channels_[index].take_lost(page); ++owed)
        pages_->owe_again(page);
    owed_again_ += owed;
    if (!channels_[index].take_opened())
        return;
    ++lost_;
    log("migration: a connection is gone: {} pages of it go by the {} that are left", owed, open() + 1);
}

unsigned SourceChannels::open() const {
    return static_cast<unsigned>(std::ranges::count_if(channels_, &SourceChannel::open));
}

bool SourceChannels::has_room() const { return std::ranges::any_of(channels_, &SourceChannel::ready); }

bool SourceChannels::carries(PageIndex page) const {
    return std::ranges::any_of(channels_, [&](const SourceChannel& channel) { return channel.carries(page); });
}

SourceChannel* SourceChannels::ready(std::optional<std::uint32_t> preferred) {
    if (preferred && *preferred < begun_ && channels_[*preferred].ready())
        return &channels_[*preferred];
    for (std::size_t i = 0; i < begun_; ++i) {
        SourceChannel& channel = channels_[(turn_ + i) % begun_];
        if (!channel.ready())
            continue;
        turn_ = (turn_ + i + 1) % begun_;
        return &channel;
    }
    return nullptr;
}

bool SourceChannels::all_received() const { return std::ranges::all_of(channels_, &SourceChannel::all_received); }

std::uint64_t SourceChannels::bytes() const {
    std::uint64_t sum = 0;
    for (const SourceChannel& channel : channels_)
        sum += channel.bytes();
    return sum;
}

} // namespace transom::migrate
