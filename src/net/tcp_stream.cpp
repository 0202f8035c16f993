// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/net/tcp_stream.hpp>

namespace transom::net {

namespace {

// A peer that vanished without a word is noticed after about 25 s of silence.
constexpr u32_t keepalive_idle_ms = 10000;
constexpr u32_t keepalive_interval_ms = 5000;
constexpr u32_t keepalive_count = 3;

/// lwIP's calls take 16-bit lengths.
constexpr std::size_t chunk = 0xf000;

} // namespace

void TcpStream::adopt(tcp_pcb* pcb) {
    pcb_ = pcb;
    listener_ = nullptr;
    handler_ = nullptr;
    connected_ = room_ = wants_room_ = held_ = peer_finished_ = half_closed_ = active_ = false;
    failure_.reset();
    first_piece_ = piece_count_ = offset_ = unadmitted_ = 0;
    tcp_arg(pcb, this);
    tcp_recv(pcb, [](void* self, tcp_pcb*, pbuf* packet, err_t) {
        return static_cast<TcpStream*>(self)->on_received(packet);
    });
    tcp_sent(pcb, [](void* self, tcp_pcb*, u16_t) -> err_t {
        static_cast<TcpStream*>(self)->room_ = true;
        return ERR_OK;
    });
    tcp_err(pcb, [](void* self, err_t error) { static_cast<TcpStream*>(self)->on_error(error); });
    // Twice a second: where send() failed for want of network memory no acknowledgement of ours may be due.
    tcp_poll(
        pcb,
        [](void* self, tcp_pcb*) -> err_t {
            auto& stream = *static_cast<TcpStream*>(self);
            stream.room_ = stream.wants_room_;
            return ERR_OK;
        },
        1);
    ip_set_option(pcb, SOF_KEEPALIVE);
    pcb->keep_idle = keepalive_idle_ms;
    pcb->keep_intvl = keepalive_interval_ms;
    pcb->keep_cnt = keepalive_count;
}

void TcpStream::adopt_accepted(tcp_pcb* pcb, Listener& listener) {
    adopt(pcb);
    state_ = State::announced;
    listener_ = &listener;
    peer_ = {lwip_ntohl(ip_addr_get_ip4_u32(&pcb->remote_ip))};
}

void TcpStream::adopt_connecting(tcp_pcb* pcb, Ipv4Address peer, StreamHandler& handler) {
    adopt(pcb);
    state_ = State::connecting;
    handler_ = &handler;
    peer_ = peer;
}

// --- lwIP's callbacks: take notes

err_t TcpStream::on_connected(void* self, tcp_pcb*, err_t) {
    static_cast<TcpStream*>(self)->connected_ = true;
    return ERR_OK;
}

err_t TcpStream::on_received(pbuf* packet) {
    if (packet == nullptr) {
        peer_finished_ = true;
        return ERR_OK;
    }
    if (piece_count_ == max_pieces)
        return ERR_MEM; // lwIP keeps it and offers it again
    pieces_[(first_piece_ + piece_count_++) % max_pieces] = packet;
    unadmitted_ += packet->tot_len;
    active_ = true;
    held_ = false;
    return ERR_OK;
}

void TcpStream::on_error(err_t error) {
    const bool connecting = state_ == State::connecting && !connected_;
    pcb_ = nullptr; // lwIP has freed it
    if (error == ERR_RST)
        failure_ = connecting ? CloseReason::refused : CloseReason::reset;
    else if (error == ERR_MEM)
        failure_ = CloseReason::no_memory;
    else
        failure_ = CloseReason::unreachable;
}

// --- the user's calls

std::size_t TcpStream::send_space() const {
    if (pcb_ == nullptr || state_ != State::open || tcp_sndqueuelen(pcb_) + 4 >= TCP_SND_QUEUELEN)
        return 0;
    return tcp_sndbuf(pcb_);
}

std::size_t TcpStream::send(std::span<const std::byte> bytes) {
    std::size_t accepted = 0;
    while (accepted < bytes.size()) {
        const std::size_t n = std::min({bytes.size() - accepted, send_space(), chunk});
        if (n == 0 || tcp_write(pcb_, bytes.data() + accepted, static_cast<u16_t>(n), TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        accepted += n;
    }
    wants_room_ = accepted < bytes.size();
    if (accepted != 0) {
        active_ = true;
        tcp_output(pcb_); // full segments go at once, the rest with flush()
    }
    return accepted;
}

void TcpStream::close() {
    if (pcb_ != nullptr) {
        // Unread bytes would make lwIP reset the connection, and the peer lose what we have sent.
        drop_received();
        tcp_pcb* pcb = pcb_;
        forget_connection();
        tcp_nagle_disable(pcb); // the rest need not wait
        if (pcb->prio == newcomer_priority)
            tcp_setprio(pcb, TCP_PRIO_MIN);
        if (tcp_close(pcb) != ERR_OK)
            tcp_abort(pcb);
    }
    release();
}

void TcpStream::abort() {
    if (pcb_ != nullptr) {
        tcp_pcb* pcb = pcb_;
        forget_connection();
        tcp_abort(pcb);
    }
    release();
}

void TcpStream::admit() {
    if (pcb_ != nullptr)
        tcp_setprio(pcb_, TCP_PRIO_NORMAL);
}

// --- from poll()

void TcpStream::deliver() {
    if (state_ == State::announced)
        announce();
    if (state_ == State::connecting && connected_) {
        connected_ = false;
        state_ = State::open;
        handler_->connected();
    }
    if (state_ == State::open)
        deliver_received();
    if (state_ == State::open && room_ && pcb_ != nullptr) {
        room_ = wants_room_ = false;
        handler_->sent();
    }
    if (!in_use())
        return;
    if (failure_) {
        finish(*failure_);
    } else if (peer_finished_ && piece_count_ == 0 && !half_closed_) {
        half_closed_ = handler_->peer_finished();
        if (in_use() && !half_closed_)
            finish(CloseReason::finished);
    }
}

void TcpStream::announce() {
    if (failure_) { // gone before anybody knew of it
        release();
        return;
    }
    state_ = State::open;
    handler_ = listener_->accepted(*this);
    if (handler_ == nullptr && in_use())
        abort();
}

void TcpStream::deliver_received() {
    while (piece_count_ != 0 && !held_) {
        pbuf* piece = pieces_[first_piece_];
        const std::span bytes(static_cast<const std::byte*>(piece->payload) + offset_, piece->len - offset_);
        const std::size_t consumed = std::min(handler_->received(bytes), bytes.size());
        if (state_ != State::open || piece_count_ == 0)
            return; // closed by the handler
        offset_ += consumed;
        held_ = consumed < bytes.size();
        if (pcb_ != nullptr && consumed != 0)
            tcp_recved(pcb_, static_cast<u16_t>(consumed));
        unadmitted_ -= consumed;
        if (held_)
            return;
        // The next part of a chain stands by itself; a chain is never longer than one segment.
        pbuf* next = piece->next;
        if (next != nullptr)
            pbuf_ref(next);
        pbuf_free(piece);
        offset_ = 0;
        pieces_[first_piece_] = next;
        if (next == nullptr) {
            first_piece_ = (first_piece_ + 1) % max_pieces;
            --piece_count_;
        }
    }
}

void TcpStream::flush() {
    if (!active_ || pcb_ == nullptr)
        return;
    active_ = false;
    tcp_nagle_disable(pcb_);
    if ((pcb_->flags & TF_ACK_DELAY) != 0)
        tcp_set_flags(pcb_, TF_ACK_NOW);
    tcp_output(pcb_);
    if (pcb_ != nullptr) // tcp_output may report that the connection is lost
        tcp_nagle_enable(pcb_);
}

void TcpStream::finish(CloseReason reason) {
    StreamHandler* handler = handler_;
    if (reason == CloseReason::finished)
        close();
    else
        release();
    if (handler != nullptr)
        handler->closed(reason);
}

void TcpStream::forget_connection() {
    tcp_arg(pcb_, nullptr);
    tcp_recv(pcb_, nullptr);
    tcp_sent(pcb_, nullptr);
    tcp_err(pcb_, nullptr);
    tcp_poll(pcb_, nullptr, 0);
    pcb_ = nullptr;
}

void TcpStream::drop_received() {
    for (; piece_count_ != 0; --piece_count_) {
        pbuf_free(pieces_[first_piece_]);
        first_piece_ = (first_piece_ + 1) % max_pieces;
    }
    for (offset_ = 0; pcb_ != nullptr && unadmitted_ != 0;) {
        const std::size_t n = std::min(unadmitted_, chunk);
        tcp_recved(pcb_, static_cast<u16_t>(n));
        unadmitted_ -= n;
    }
}

void TcpStream::release() {
    drop_received();
    unadmitted_ = 0;
    state_ = State::unused;
    handler_ = nullptr;
    pcb_ = nullptr;
}

} // namespace transom::net
