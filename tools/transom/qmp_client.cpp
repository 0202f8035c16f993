// SPDX-License-Identifier: Apache-2.0
#include "qmp_client.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto answer_time = std::chrono::seconds(20);
constexpr auto pause_between_attempts = std::chrono::milliseconds(20);

sockaddr_un address_of(const std::filesystem::path& socket) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string name = socket.string();
    if (name.size() >= sizeof address.sun_path)
        fail("{} is too long for a socket", name);
    std::memcpy(address.sun_path, name.c_str(), name.size());
    return address;
}

} // namespace

QmpClient::QmpClient(const std::filesystem::path& socket, Clock::time_point until) {
    const sockaddr_un address = address_of(socket);
    for (;;) {
        socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            break;
        check_interruption();
        if (Clock::now() >= until)
            fail("QEMU does not open {}: {}", socket.string(), std::strerror(errno));
        std::this_thread::sleep_for(pause_between_attempts);
    }
    if (!read_message(until).contains("QMP"))
        fail("what answers on {} is no QEMU", socket.string());
    command("qmp_capabilities");
}

void QmpClient::wait(short events, Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0)
        fail("QEMU does not answer");
    std::array<pollfd, 2> watched = {pollfd{socket_.get(), events, 0}, pollfd{interruption_fd(), POLLIN, 0}};
    poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    check_interruption();
}

void QmpClient::send(std::string_view text, Clock::time_point until) {
    while (!text.empty()) {
        wait(POLLOUT, until);
        const ssize_t n = ::send(socket_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            text.remove_prefix(static_cast<std::size_t>(n));
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            fail("QEMU's monitor broke: {}", std::strerror(errno));
    }
}

nlohmann::json QmpClient::read_message(Clock::time_point until) {
    for (;;) {
        if (const auto end = received_.find('\n'); end != std::string::npos) {
            const std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            auto message = nlohmann::json::parse(line, nullptr, false);
            if (message.is_discarded())
                fail("QEMU's monitor says '{}'", line);
            return message;
        }
        wait(POLLIN, until);
        std::array<char, 4096> block;
        const ssize_t n = recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
        if (n > 0)
            received_.append(block.data(), static_cast<std::size_t>(n));
        else if (n == 0)
            fail("QEMU closed its monitor");
        else if (errno != EAGAIN && errno != EINTR)
            fail("QEMU's monitor broke: {}", std::strerror(errno));
    }
}

nlohmann::json QmpClient::command(std::string_view name, const nlohmann::json& arguments) {
    const auto until = Clock::now() + answer_time;
    nlohmann::json request = {{"execute", name}};
    if (!arguments.empty())
        request["arguments"] = arguments;
    send(request.dump() + "\n", until);
    for (;;) {
        nlohmann::json message = read_message(until);
        if (message.contains("return"))
            return message["return"];
        if (message.contains("error"))
            fail("QEMU refuses {}: {}", name, message["error"].value("desc", "it does not say why"));
    }
}

} // namespace transom::tool
