// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "file_descriptor.hpp"
#include "frame_stream.hpp"
#include "link_direction.hpp"

#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <queue>
#include <thread>

namespace transom::tool {

/// Between the two QEMUs of a link: takes each frame of one, and hands it to the other as the rules have it. QEMU 7.2 does not connect
/// again, so both connections stay whatever the rules are; where one QEMU goes, the other one loses its connection too, as without this.
class LinkProxy {
  public:
    /// Makes both sockets, for QEMUs that do not listen. Throws Failure.
    LinkProxy(const LinkRules& rules, const std::array<std::filesystem::path, 2>& sockets);
    ~LinkProxy();
    LinkProxy(const LinkProxy&) = delete;
    LinkProxy& operator=(const LinkProxy&) = delete;

    /// A move has been asked for.
    void begin_move();
    /// Of what the QEMU at that socket has sent.
    LinkCounts counts(std::size_t from) const;

  private:
    struct Waiting {
        LinkDirection::Time at;
        std::uint64_t number; // of two with one time the first goes first
        std::vector<std::byte> frame;
        bool operator>(const Waiting& other) const { return std::pair(at, number) > std::pair(other.at, other.number); }
    };
    struct Way {
        explicit Way(LinkDirection direction) : rules(std::move(direction)) {}
        FrameStream incoming;
        LinkDirection rules;
        std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting;
        std::vector<std::byte> outgoing; // due, and not yet taken by the other QEMU
    };

    LinkDirection::Time now() const { return Clock::now() - began_; }
    void run();
    bool accept_both();
    /// False: one of them is gone.
    bool turn();
    bool take_frames(std::size_t from);
    void hand_on(std::size_t from);
    LinkDirection::Time until_next() const;

    Clock::time_point began_ = Clock::now();
    std::array<FileDescriptor, 2> listening_, connected_;
    std::array<Way, 2> ways_; // from each QEMU to the other one
    std::uint64_t frames_ = 0;
    mutable std::mutex mutex_; // of the rules
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

} // namespace transom::tool
