// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/migrate/record_writer.hpp>
#include <vector>

namespace transom::test {

/// Moves what a writer has waiting to the end of `stream`, as a connection that takes all of it would.
inline void take_written(migrate::RecordWriter& writer, std::vector<std::byte>& stream) {
    struct Sink final : net::ByteStream {
        explicit Sink(std::vector<std::byte>& to) : to(to) {}
        std::size_t send(std::span<const std::byte> bytes) override {
            to.insert(to.end(), bytes.begin(), bytes.end());
            return bytes.size();
        }
        std::size_t send_space() const override { return 0; }
        void resume_receive() override {}
        void close() override {}
        void abort() override {}
        void admit() override {}
        net::Ipv4Address peer() const override { return {}; }
        net::PeerKey peer_key() const override { return net::PeerKey::none; }
        std::vector<std::byte>& to;
    } sink(stream);
    writer.flush(sink);
}

} // namespace transom::test
