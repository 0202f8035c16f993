// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <libfdt.h>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace transom {

/// Writes a flattened device tree in a test, well-formed by libfdt's own means.
class FdtBuilder {
  public:
    FdtBuilder() : blob_((mebibytes << 20) / 8) {
        ok(fdt_create(blob_.data(), static_cast<int>(blob_.size() * 8)));
        ok(fdt_finish_reservemap(blob_.data()));
        begin("");
    }
    FdtBuilder& begin(const std::string& name) { return ok(fdt_begin_node(blob_.data(), name.c_str())); }
    FdtBuilder& end() { return ok(fdt_end_node(blob_.data())); }
    FdtBuilder& text(const char* name, const std::string& value) {
        return ok(fdt_property(blob_.data(), name, value.c_str(), static_cast<int>(value.size() + 1)));
    }
    FdtBuilder& number(const char* name, std::uint32_t value) {
        return ok(fdt_property_u32(blob_.data(), name, value));
    }
    FdtBuilder& numbers(const char* name, std::initializer_list<std::uint32_t> values) {
        std::vector<std::uint32_t> cells;
        for (const std::uint32_t value : values)
            cells.push_back(cpu_to_fdt32(value));
        return bytes(name, std::as_bytes(std::span(cells)));
    }
    FdtBuilder& bytes(const char* name, std::span<const std::byte> value) {
        return ok(fdt_property(blob_.data(), name, value.data(), static_cast<int>(value.size())));
    }
    FdtBuilder& texts(const char* name, std::initializer_list<std::string_view> values) {
        std::string all;
        for (const std::string_view value : values)
            all.append(value).push_back('\0');
        return ok(fdt_property(blob_.data(), name, all.data(), static_cast<int>(all.size())));
    }
    FdtBuilder& flag(const char* name) { return ok(fdt_property(blob_.data(), name, nullptr, 0)); }

    /// Ends the root. The result belongs to the builder and starts at a multiple of 8.
    std::span<const std::byte> finish() {
        end();
        ok(fdt_finish(blob_.data()));
        return blob();
    }
    /// What finish() returned.
    std::span<const std::byte> blob() const {
        return std::as_bytes(std::span(blob_)).first(fdt_totalsize(blob_.data()));
    }

  private:
    static constexpr std::size_t mebibytes = 4;

    FdtBuilder& ok(int status) {
        if (status != 0)
            throw std::logic_error(fdt_strerror(status));
        return *this;
    }

    std::vector<std::uint64_t> blob_;
};

} // namespace transom
