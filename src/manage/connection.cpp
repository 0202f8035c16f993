// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/manage/connection.hpp>

// The connection: cutting what comes into lines, and answers into what there is room for. The verbs are in verbs.cpp.

namespace transom::manage {

void Connection::take(net::ByteStream& stream, Machine& machine, std::uint32_t number) {
    *this = Connection();
    stream_ = &stream;
    machine_ = &machine;
    number_ = number;
}

std::size_t Connection::received(std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        if (!produce()) {
            kept_back_ = stream_ != nullptr;
            return i;
        }
        if (console_)
            return i + type(bytes.subspan(i));
        if (upload_.under_way()) {
            i += upload_.take(bytes.subspan(i));
            if (!upload_.under_way())
                end_define();
            continue;
        }
        const char c = static_cast<char>(bytes[i++]);
        if (c != '\n') {
            if (request_size_ < request_.size() - 1)
                request_[request_size_++] = c;
            else
                request_too_long_ = true;
            continue;
        }
        std::string_view line{request_.data(), request_size_};
        request_size_ = 0;
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        if (std::exchange(request_too_long_, false))
            error("line-too-long", line.substr(0, 16), "a request has at most 512 bytes");
        else if (line.find_first_not_of(" \t") != std::string_view::npos)
            start_answer(line);
    }
    produce();
    return bytes.size();
}

/// True: the answer is out.
bool Connection::produce() {
    while (stream_ != nullptr) {
        while (out_sent_ < out_size_) {
            const std::size_t taken =
                stream_->send(std::as_bytes(std::span(out_).subspan(out_sent_, out_size_ - out_sent_)));
            if (taken == 0)
                return false;
            out_sent_ += taken;
        }
        if (shut_down_)
            machine_->shutdown();
        shut_down_ = false;
        if (answering_ == Answering::nothing)
            return true;
        if (!next_line())
            return false;
    }
    return false;
}

void Connection::sent() {
    if (!produce())
        return;
    if (!console_ && std::exchange(kept_back_, false))
        stream_->resume_receive();
}

void Connection::closed(net::CloseReason) {
    leave_console();
    if (waits_for_order())
        machine_->operator_answered();
    answering_ = Answering::nothing;
    if (upload_.under_way())
        machine_->drop(upload_.end());
    stream_ = nullptr;
}

} // namespace transom::manage
