// SPDX-License-Identifier: Apache-2.0
#include "port.hpp"

#include "failure.hpp"
#include "file_descriptor.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace transom::tool {
namespace {

/// Binds to the port and lets go of it; returns the number, 0 if it could not be had.
std::uint16_t try_port(std::uint16_t port) {
    const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return 0;
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0)
        return 0;
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return 0;
    return ntohs(address.sin_port);
}

} // namespace

std::uint16_t free_port() {
    const std::uint16_t port = try_port(0);
    if (port == 0)
        fail("no free TCP port: {}", std::strerror(errno));
    return port;
}

void check_port_free(std::uint16_t port) {
    if (try_port(port) == 0)
        fail("port {} cannot be had: {}", port, std::strerror(errno));
}

} // namespace transom::tool
