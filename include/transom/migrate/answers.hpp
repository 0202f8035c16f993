// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <transom/migrate/move_outcomes.hpp>
#include <transom/migrate/record_reader.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

/// Answers one source that asks what has become of a move: docs/stream.md, Who has the partition.
class Answer final : public net::StreamHandler {
  public:
    /// Whoever was being answered has been silent: it asks again.
    void take(net::ByteStream& stream, const MoveOutcomes& outcomes);

    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason) override { stream_ = nullptr; }

  private:
    void answer(const Record& record);

    net::ByteStream* stream_ = nullptr;
    const MoveOutcomes* outcomes_ = nullptr;
    std::array<std::byte, sizeof(RecordHeader) + sizeof(AgainRecord)> buffer_{};
    RecordReader reader_{buffer_};
};

/// Listens on the port for questions, so that they never stand in the way of a partition that arrives.
class Answers final : public net::Listener {
  public:
    explicit Answers(const MoveOutcomes& outcomes) : outcomes_(outcomes) {}

    net::StreamHandler* accepted(net::ByteStream& stream) override;

  private:
    const MoveOutcomes& outcomes_;
    std::array<Answer, 4> places_;
    std::size_t next_ = 0;
};

} // namespace transom::migrate
