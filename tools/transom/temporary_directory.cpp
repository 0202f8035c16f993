// SPDX-License-Identifier: Apache-2.0
#include "temporary_directory.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>

namespace transom::tool {
namespace {

constexpr std::string_view prefix = "transom-tool-";

FileDescriptor lock(const std::filesystem::path& directory) {
    FileDescriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd && flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        fd.reset();
    return fd;
}

void remove_left_behind(const std::filesystem::path& parent) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        if (!entry.path().filename().string().starts_with(prefix))
            continue;
        const FileDescriptor held = lock(entry.path());
        struct stat status = {};
        // A minute of age: between its mkdtemp and its flock a directory is in use and not locked.
        if (!held || fstat(held.get(), &status) != 0 || status.st_uid != getuid())
            continue;
        if (status.st_mtime + 60 > time(nullptr))
            continue;
        std::filesystem::remove_all(entry.path(), ignored);
    }
}

} // namespace

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& parent) {
    remove_left_behind(parent);
    std::string name = (parent / std::string(prefix)).string() + "XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
        fail("cannot make a directory in {}: {}", parent.string(), std::strerror(errno));
    path_ = name;
    lock_ = lock(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace transom::tool
