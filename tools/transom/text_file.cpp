// SPDX-License-Identifier: Apache-2.0
#include "text_file.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace transom::tool {

TextFile::TextFile(std::filesystem::path path, std::string_view until_then) : path_(std::move(path)) {
    write(until_then);
}

void TextFile::write(std::string_view text) const {
    if (path_.empty())
        return;
    std::ofstream file(path_);
    file << text;
    if (!file.flush())
        fail("cannot write {}: {}", path_.string(), std::strerror(errno));
}

} // namespace transom::tool
