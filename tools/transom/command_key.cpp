// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "machine_keys.hpp"

#include <fmt/format.h>

namespace transom::tool {

int key_make(const KeyOptions& options) {
    make_key_files(options.file);
    fmt::print("{0} is the machine's own key (transom run --key {0}); {0}.pub is for machines that are to know it "
               "(--peer-key {0}.pub)\n",
               options.file);
    return 0;
}

} // namespace transom::tool
