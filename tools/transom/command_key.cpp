// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "machine_keys.hpp"

#include <fmt/format.h>

namespace transom::tool {

int key_make(const KeyOptions& options) {
    make_key_files(options.file);
    fmt::print("{0} is the key of a machine or an operator (--key {0}); {0}.pub is for those who are to know it "
               "(--peer-key, --operator-key or --machine-key {0}.pub)\n",
               options.file);
    return 0;
}

} // namespace transom::tool
