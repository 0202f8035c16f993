// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <transom/base/address.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/tree/manifest.hpp>

namespace transom::tree {

/// A bundle (docs/manifest.md) of one partition of another bundle, with its files and nothing else of that one. Its bytes are made as they are
/// read, so nobody holds the files twice. Of the same partition it always has the same bytes, also where it is made of such a bundle again.
class BundleOfOne {
  public:
    /// Nothing is in it.
    BundleOfOne() = default;
    /// `description` is one of the bundle's, which outlives this.
    BundleOfOne(const Manifest& bundle, const PartitionDescription& description);

    Bytes size() const { return size_; }
    /// The bytes from `offset` on, as many as there is room for. They are all in it.
    void read(Bytes offset, std::span<std::byte> into) const;

  private:
    class Writer;

    /// All but the files: bootargs and names are most of it.
    static constexpr std::size_t most_text = 8192;
    /// What stands before the first file, after it, and after the second one.
    static constexpr std::size_t most_pieces = 5;

    StaticVector<std::byte, most_text> text_;
    /// Of text_, and the files between them.
    struct Piece {
        std::span<const std::byte> file; // empty: text
        std::size_t begin = 0, end = 0;  // of text
        Bytes size() const { return file.empty() ? end - begin : file.size(); }
    };
    StaticVector<Piece, most_pieces> pieces_;
    Bytes size_ = 0;
};

} // namespace transom::tree
