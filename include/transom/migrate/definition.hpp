// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/tree/bundle_of_one.hpp>

namespace transom::migrate {

/// What a partition is started from, which goes with it: a bundle of one partition, docs/stream.md.
struct DefinitionShape {
    Bytes size = 0;           // 0: there is none
    std::uint64_t digest = 0; // XXH64 of it; 0: nobody has read all of it yet
    bool by_operator = false; // it came by an order, and not with a machine's own bundle
};

/// The same at a source. It stays as it is and where it is until the move is over.
struct DefinitionToSend {
    DefinitionShape shape;
    const tree::BundleOfOne* bytes = nullptr;
};

} // namespace transom::migrate
