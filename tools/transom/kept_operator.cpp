// SPDX-License-Identifier: Apache-2.0
#include "kept_operator.hpp"

#include "bundle.hpp"
#include "failure.hpp"
#include "paths.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace transom::tool {
namespace {

constexpr std::string_view prefix = "management-";

std::filesystem::path file_of(std::uint16_t port) { return kept_keys_directory() / fmt::format("{}{}", prefix, port); }

FileDescriptor lock(const std::filesystem::path& file) {
    FileDescriptor fd(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (fd && flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        fd.reset();
    return fd;
}

void make_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory.parent_path(), error);
    if (mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        fail("cannot make the directory {} for keys: {}", directory.string(), std::strerror(errno));
    struct stat status = {};
    if (lstat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fail("{} is for keys, and others can enter it: make it yours (chmod 700), or remove it", directory.string());
}

/// Of commands that were killed.
void remove_left_behind(const std::filesystem::path& directory) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
        if (entry.path().filename().string().starts_with(prefix) && lock(entry.path()))
            std::filesystem::remove(entry.path(), ignored);
}

} // namespace

std::filesystem::path kept_keys_directory() {
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    struct stat status = {};
    const bool ours = runtime != nullptr && stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) &&
                      status.st_uid == geteuid(); // who has become another user may still have that of the first one
    return ours ? std::filesystem::path(runtime) / "transom" : cache_directory() / "run";
}

KeptOperator::KeptOperator(std::uint16_t port, const OperatorKeys& keys) : file_(file_of(port)) {
    make_directory(file_.parent_path());
    remove_left_behind(file_.parent_path());
    // It gets its name when it is locked: before that others would take it for left behind.
    std::filesystem::path unnamed = file_.parent_path() / fmt::format(".{}", getpid());
    std::error_code ignored;
    std::filesystem::remove(unnamed, ignored);
    const std::string text = to_text(keys);
    write_private_file(unnamed, std::as_bytes(std::span(text)));
    lock_ = lock(unnamed);
    std::filesystem::rename(unnamed, file_);
}

KeptOperator::~KeptOperator() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

std::optional<OperatorKeys> kept_operator(const Endpoint& endpoint) {
    const auto file = file_of(endpoint.port);
    std::error_code error;
    if ((endpoint.host != "127.0.0.1" && endpoint.host != "localhost") || !std::filesystem::exists(file, error))
        return std::nullopt;
    const auto bytes = read_contents(file, "--management");
    return operator_keys_from({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace transom::tool
