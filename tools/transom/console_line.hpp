// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secure_channel.hpp"

#include <span>
#include <string_view>

namespace transom::tool {

/// What a console is reached by. Nothing here waits, except read() of a line whose end blocks.
class ConsoleLine {
  public:
    virtual ~ConsoleLine() = default;
    /// To be polled for what it shows, and for room for what is typed; both may be one.
    virtual int from() const = 0;
    virtual int to() const = 0;
    /// As read(2) and write(2).
    virtual ssize_t read(std::span<char> block) = 0;
    virtual ssize_t write(std::string_view bytes) = 0;
    /// Whether read() answers at once, whatever poll says; and whether what was written still waits for room.
    virtual bool has_more() const { return false; }
    virtual bool wants_to_write() const { return false; }
};

/// Two files.
class PipedLine final : public ConsoleLine {
  public:
    /// A machine that takes no input must not keep us from showing its output: `to` does not block from now on.
    PipedLine(int from, int to);
    int from() const override { return from_; }
    int to() const override { return to_; }
    ssize_t read(std::span<char> block) override;
    ssize_t write(std::string_view bytes) override;

  private:
    int from_, to_;
};

/// A connection with a partition's terminal, which is broken where the machine has not ended it.
class SecureLine final : public ConsoleLine {
  public:
    explicit SecureLine(SecureChannel& channel) : channel_(channel) {}
    int from() const override { return channel_.socket(); }
    int to() const override { return channel_.socket(); }
    ssize_t read(std::span<char> block) override;
    ssize_t write(std::string_view bytes) override;
    bool has_more() const override { return channel_.has_more(); }
    bool wants_to_write() const override { return channel_.wants_to_send(); }

  private:
    SecureChannel& channel_;
};

} // namespace transom::tool
