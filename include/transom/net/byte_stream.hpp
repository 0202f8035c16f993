// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

// What users of a connection see. net::Stack implements it over TCP; a test may implement it over memory.
//
// Everything happens on one processor. Handlers are called only from net::Stack::poll(), never from inside send() and the
// like, and may call their stream (send, resume_receive, close, abort) there.

namespace transom::net {

/// An IPv4 address, most significant byte first: 10.77.0.1 is 0x0a4d0001.
struct Ipv4Address {
    std::uint32_t value = 0;

    constexpr bool operator==(const Ipv4Address&) const = default;
};

/// The two network cards of a machine.
enum class InterfaceId : std::uint8_t {
    link,       // between machines: migration only
    management, // towards the operator
};

enum class StreamError : std::uint8_t {
    address_in_use, // somebody listens on that port already
    no_route,       // no interface leads to that address
    no_interface,   // that network card is missing or not brought up
    too_many,       // every place of the fixed pool is taken
    no_keys,        // secure::SecureNetwork: this machine was given no key, or those of no other machine
    no_entropy,     // secure::SecureNetwork: there is nothing to make the keys of a connection from
};

enum class CloseReason : std::uint8_t {
    finished, // the peer has sent everything and said so, all of it has been consumed, and the handler has no more to say
    refused,     // nobody listens there
    reset,       // the peer, or the network, ended it in the middle
    unreachable, // no answer: connecting or sending timed out
    no_memory,   // out of network buffers
    // Of secure::SecureNetwork:
    unknown_peer, // it has no key that is pinned here
    unknown_here, // it does not know our key
    insecure,     // it does not speak our one version and suite of TLS, or has not shown in time who it is
    forged,       // what has arrived is not what the peer has sent
};

/// Who has proved to be at the other end of a connection: the same value, the same key. It means something to this machine, until it ends.
enum class PeerKey : std::uint8_t {
    none
}; // a network that asks for no proof; else the number of a key that is pinned here, from 1

/// One connection. The object belongs to who made it (net::Stack). After close(), abort() or StreamHandler::closed() it may
/// not be used any more, and the handler is not called any more.
class ByteStream {
  public:
    /// Queues bytes in order; how many were accepted, 0 when full (or not connected yet). Once there is room again,
    /// StreamHandler::sent() is called.
    virtual std::size_t send(std::span<const std::byte> bytes) = 0;
    /// How many bytes send() would accept now.
    virtual std::size_t send_space() const = 0;
    /// Has what received() left over offered again, not from inside this call but by the next poll.
    virtual void resume_receive() = 0;
    /// Ends it in order: what was accepted is still sent.
    virtual void close() = 0;
    /// Ends it at once: the peer sees CloseReason::reset.
    virtual void abort() = 0;
    /// The peer is somebody who is known. One that was accepted, and this not said of, is the first to go where connections are short: while
    /// it is open, and after close(), when its peer may keep it waiting.
    virtual void admit() = 0;
    virtual Ipv4Address peer() const = 0;
    virtual PeerKey peer_key() const = 0;

  protected:
    ~ByteStream() = default; // never deleted through the base; make implementations final
};

/// Who uses a connection. It outlives the stream.
class StreamHandler {
  public:
    /// Network::connect has succeeded; from now on the stream takes bytes. Not called for accepted streams.
    virtual void connected() {}
    /// Bytes have arrived, in pieces of any size. Answers how many were consumed; the rest is kept and offered again after
    /// resume_receive() or when more arrives, never joined with what comes after it. So consuming less means "no room
    /// now", not "need more": who needs a whole line or record collects it. While bytes are kept the peer is held back.
    virtual std::size_t received(std::span<const std::byte> bytes) = 0;
    /// There is more room for send() than before. At most once in a round.
    virtual void sent() {}
    /// The peer has sent everything and said so; all of it has been consumed. True: there is still something to say, and the stream is open
    /// until the handler closes it, or the peer is found to be gone. Once.
    virtual bool peer_finished() { return false; }
    /// The connection is over, and the stream gone. With CloseReason::finished what send() accepted is still sent.
    virtual void closed(CloseReason reason) = 0;

  protected:
    ~StreamHandler() = default;
};

class Listener {
  public:
    /// A peer has connected. Answers who handles the stream; nullptr refuses, and the peer sees a reset.
    virtual StreamHandler* accepted(ByteStream& stream) = 0;

  protected:
    ~Listener() = default;
};

/// What makes connections.
class Network {
  public:
    /// Accepts connections that arrive by this interface at this port, until the machine ends.
    virtual std::expected<void, StreamError> listen(InterfaceId interface, std::uint16_t port, Listener& listener) = 0;
    /// Starts to connect; connected() or closed() follows. The stream may be aborted before that.
    virtual std::expected<ByteStream*, StreamError> connect(Ipv4Address address, std::uint16_t port,
                                                            StreamHandler& handler) = 0;

  protected:
    ~Network() = default;
};

} // namespace transom::net
