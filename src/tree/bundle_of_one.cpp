// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <libfdt.h>
#include <string_view>
#include <transom/base/big_endian.hpp>
#include <transom/base/panic.hpp>
#include <transom/tree/bundle_of_one.hpp>

namespace transom::tree {

namespace {

constexpr std::string_view kernel = "kernel",
                           initramfs = "initramfs"; // where the files came from is nobody's affair elsewhere
constexpr std::size_t header_size = sizeof(fdt_header), reserve_map_size = sizeof(fdt_reserve_entry);
constexpr std::size_t cell = sizeof(std::uint32_t);
constexpr std::uint32_t version = 17, readable_since = 16;

constexpr std::size_t padding(std::size_t size) { return (cell - size % cell) % cell; }

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

} // namespace

/// Writes a flattened tree (Devicetree Specification, section 5) whose large properties are elsewhere, which libfdt cannot.
class BundleOfOne::Writer {
  public:
    explicit Writer(BundleOfOne& to) : to_(to) {
        for (std::size_t i = 0; i < header_size + reserve_map_size; ++i)
            put(std::byte{0});
    }

    void begin(std::string_view name) {
        put(FDT_BEGIN_NODE);
        text(name);
    }
    void end() { put(FDT_END_NODE); }
    void property(std::string_view name, std::span<const std::byte> value) {
        head(name, value.size());
        for (const std::byte byte : value)
            put(byte);
        pad(value.size());
    }
    void property(std::string_view name, std::string_view value) {
        head(name, value.size() + 1);
        text(value);
    }
    /// A node of /files.
    void file(std::string_view node, std::string_view path, std::span<const std::byte> contents) {
        begin(node);
        property("path", path);
        head("data", contents.size());
        if (!contents.empty()) {
            cut();
            add({.file = contents});
        }
        pad(contents.size());
        end();
    }
    void finish() {
        put(FDT_END);
        const std::size_t structure = to_.text_.size() + files_ - header_size - reserve_map_size;
        for (const std::byte byte : strings_.span())
            put(byte);
        cut();
        for (const Piece& piece : to_.pieces_.span())
            to_.size_ += piece.size();
        const std::array<std::size_t, header_size / cell> header = {FDT_MAGIC,
                                                                    to_.size_,
                                                                    header_size + reserve_map_size,
                                                                    header_size + reserve_map_size + structure,
                                                                    header_size,
                                                                    version,
                                                                    readable_since,
                                                                    0,
                                                                    strings_.size(),
                                                                    structure};
        for (std::size_t i = 0; i < header.size(); ++i)
            store_be(&to_.text_[i * cell], static_cast<std::uint32_t>(header[i]));
    }

  private:
    void put(std::byte byte) { invariant(to_.text_.push_back(byte), "a bundle of one partition has too much text"); }
    void put(std::uint32_t number) {
        std::array<std::byte, cell> bytes;
        store_be(bytes.data(), number);
        for (const std::byte byte : bytes)
            put(byte);
    }
    void pad(std::size_t size) {
        for (std::size_t i = 0; i < padding(size); ++i)
            put(std::byte{0});
    }
    void text(std::string_view value) {
        for (const std::byte byte : bytes_of(value))
            put(byte);
        put(std::byte{0});
        pad(value.size() + 1);
    }
    void head(std::string_view name, std::size_t size) {
        put(FDT_PROP);
        put(static_cast<std::uint32_t>(size));
        put(static_cast<std::uint32_t>(strings_.size()));
        for (const std::byte byte : bytes_of(name))
            invariant(strings_.push_back(byte), "a bundle of one partition has too many properties");
        invariant(strings_.push_back(std::byte{0}), "a bundle of one partition has too many properties");
    }
    void add(const Piece& piece) {
        invariant(to_.pieces_.push_back(piece), "a bundle of one partition has more than two files");
        files_ += piece.file.size();
    }
    /// What has been written since the last file is a piece.
    void cut() {
        add({.file = {}, .begin = cut_, .end = to_.text_.size()});
        cut_ = to_.text_.size();
    }

    BundleOfOne& to_;
    StaticVector<std::byte, 1024> strings_;
    std::size_t cut_ = 0, files_ = 0;
};

BundleOfOne::BundleOfOne(const Manifest& bundle, const PartitionDescription& d) {
    const void* const fdt = bundle.blob().data();
    const int all = fdt_path_offset(fdt, "/partitions");
    const int node = fdt_subnode_offset_namelen(fdt, all, d.name.data(), static_cast<int>(d.name.size()));
    const auto kernel_file = bundle.file(d.kernel);
    invariant(node >= 0 && kernel_file, "a partition that is not in its bundle");
    Writer to(*this);
    to.begin("");
    to.property("compatible", manifest_version);
    to.begin("partitions");
    to.begin(d.name);
    int property;
    fdt_for_each_property_offset(property, fdt, node) {
        int length = 0;
        const char* name = nullptr;
        const void* const value = fdt_getprop_by_offset(fdt, property, &name, &length);
        invariant(value != nullptr, "a bundle that was checked cannot be read");
        if (name != kernel && name != initramfs)
            to.property(name, {static_cast<const std::byte*>(value), static_cast<std::size_t>(length)});
    }
    const bool second = !d.initramfs.empty() && d.initramfs != d.kernel;
    to.property(kernel, kernel);
    if (!d.initramfs.empty())
        to.property(initramfs, second ? initramfs : kernel);
    to.end();
    to.end();
    to.begin("files");
    to.file("file@0", kernel, *kernel_file);
    if (second) {
        const auto file = bundle.file(d.initramfs);
        invariant(file.has_value(), "a file that is not in its bundle");
        to.file("file@1", initramfs, *file);
    }
    to.end();
    to.end();
    to.finish();
}

void BundleOfOne::read(Bytes offset, std::span<std::byte> into) const {
    for (const Piece& piece : pieces_.span()) {
        if (into.empty())
            return;
        if (offset >= piece.size()) {
            offset -= piece.size();
            continue;
        }
        const auto whole = piece.file.empty() ? text_.span().subspan(piece.begin, piece.size()) : piece.file;
        const auto part = whole.subspan(offset, std::min<std::size_t>(into.size(), whole.size() - offset));
        std::ranges::copy(part, into.begin());
        into = into.subspan(part.size());
        offset = 0;
    }
    invariant(into.empty(), "beyond the end of a bundle");
}

} // namespace transom::tree
