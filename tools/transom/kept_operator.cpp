// SPDX-License-Identifier: Apache-2.0
#include "kept_operator.hpp"

#include "bundle.hpp"
#include "failure.hpp"
#include "paths.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace transom::tool {
namespace {

constexpr std::string_view prefix = "management-", unnamed_prefix = ".management-";

std::filesystem::path file_of(std::uint16_t port) { return kept_keys_directory() / fmt::format("{}{}", prefix, port); }

FileDescriptor lock(const std::filesystem::path& file) {
    FileDescriptor fd(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (fd && flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        fd.reset();
    return fd;
}

/// Whether that name is still this file's: whoever has locked it may rely on that until he removes it.
bool is_name_of(const std::filesystem::path& name, const FileDescriptor& file) {
    struct stat named = {}, open = {};
    return lstat(name.c_str(), &named) == 0 && fstat(file.get(), &open) == 0 && named.st_dev == open.st_dev &&
           named.st_ino == open.st_ino;
}

void remove_where_it_is(const std::filesystem::path& name, const FileDescriptor& file) {
    if (is_name_of(name, file))
        unlink(name.c_str());
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
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix) && !name.starts_with(unnamed_prefix))
            continue;
        if (const FileDescriptor held = lock(entry.path()))
            remove_where_it_is(entry.path(), held);
    }
}

/// A file that is locked before it has its name: under that others would take it for left behind.
struct Unnamed {
    std::string path;
    FileDescriptor file;
};

Unnamed make_unnamed(const std::filesystem::path& directory) {
    for (;;) {
        std::string path = (directory / fmt::format("{}XXXXXX", unnamed_prefix)).string();
        FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
        if (!file)
            fail("cannot make a file for keys in {}: {}", directory.string(), std::strerror(errno));
        if (flock(file.get(), LOCK_EX) == 0 && is_name_of(path, file)) // else it was taken for left behind in between
            return {path, std::move(file)};
    }
}

} // namespace

std::filesystem::path kept_keys_directory() { return cache_directory() / "run"; }

KeptOperator::KeptOperator(std::uint16_t port, const OperatorKeys& keys) : file_(file_of(port)) {
    const auto directory = file_.parent_path();
    make_directory(directory);
    remove_left_behind(directory);
    Unnamed unnamed = make_unnamed(directory);
    const std::string text = to_text(keys);
    const bool written = write(unnamed.file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool named = written && link(unnamed.path.c_str(), file_.c_str()) == 0;
    const int error = errno;
    unlink(unnamed.path.c_str());
    if (!named && written && error == EEXIST)
        fail("{} holds the operator's key of another machine at port {}: end the transom run that keeps it, or take "
             "another port (--management-port)",
             file_.string(), port);
    if (!named)
        fail("cannot keep the operator's key in {}: {}", file_.string(), std::strerror(error));
    lock_ = std::move(unnamed.file);
}

KeptOperator::~KeptOperator() { remove_where_it_is(file_, lock_); }

std::vector<std::uint16_t> kept_ports() {
    std::vector<std::uint16_t> ports;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(kept_keys_directory(), ignored)) {
        const std::string name = entry.path().filename().string();
        std::uint16_t port = 0;
        if (!name.starts_with(prefix) || lock(entry.path()))
            continue;
        const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), port);
        if (error == std::errc() && end == name.data() + name.size())
            ports.push_back(port);
    }
    std::ranges::sort(ports);
    return ports;
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
