// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace transom::tool {

/// The manifests of docs/examples, built in.
extern const std::string_view debian_manifest, spin_manifest, small_manifest, storing_manifest, writer_manifest,
    conform_manifest, bench_manifest, fuzz_manifest;

} // namespace transom::tool
