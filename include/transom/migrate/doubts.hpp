// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>

namespace transom::migrate {

/// A move of which the source does not know whether the target has the partition.
struct Doubt {
    AgainRecord move; // what names it
    net::Network* network = nullptr;
    net::Ipv4Address target;
    std::uint16_t port = 0;
    net::PeerKey key = net::PeerKey::none; // the target's: nobody else's word counts
    Failure heard{};                       // what the target has last said to it, or the connection; logged once
    bool asked_now = false;                // somebody waits for the next answer, or for none

    std::string_view name() const { return move.name.data(); }
};

class DoubtControl {
  public:
    /// The machine's time base.
    virtual std::uint64_t doubt_now() = 0;
    /// The target has said who has it. The doubt is forgotten already.
    virtual void decided(const Doubt& doubt, Owner owner) = 0;

  protected:
    ~DoubtControl() = default;
};

/// Asks the targets of moves that have ended in doubt, one after another, about once a second: docs/stream.md, Who has the partition. Called
/// by the network and by a task.
class Doubts final : public net::StreamHandler {
  public:
    /// More cannot be asked about; an operator ends those.
    static constexpr std::size_t capacity = 16;

    Doubts(DoubtControl& control, std::uint64_t timebase_frequency)
        : control_(control), second_(timebase_frequency), limit_(Limits(timebase_frequency).first_record) {}

    /// Nothing happens where there is one about that partition.
    void add(const Doubt& doubt);
    /// Somebody else has ended the doubt about that partition.
    void forget(std::string_view name);
    bool none() const { return doubts_.empty(); }
    /// Asks about that one at once. False: it is not among them.
    bool ask(std::string_view name);
    /// Null where it is not among them, or any more.
    const Doubt* find(std::string_view name) const;
    /// Ticks until it wants to be called again; all ones: until there is a doubt.
    std::uint64_t step();

    void connected() override;
    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason reason) override;

  private:
    Doubt* find(std::string_view name);
    void erase(Doubt& doubt);
    void ask_next();
    void ask(Doubt& doubt);
    void handle(const Record& record);
    void give_up(MoveError heard, std::string_view text);

    DoubtControl& control_;
    std::uint64_t second_, limit_;
    StaticVector<Doubt, capacity> doubts_;
    std::size_t next_ = 0;
    NameField asked_{}; // about whom, on stream_
    net::ByteStream* stream_ = nullptr;
    std::uint64_t asked_at_ = 0;
    std::uint64_t rotated_at_ = 0; // when the last turn of all came
    std::array<std::byte, 512> send_buffer_{}, receive_buffer_{};
    RecordWriter writer_{send_buffer_};
    RecordReader reader_{receive_buffer_};
};

} // namespace transom::migrate
