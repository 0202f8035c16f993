// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace guest {

/// The flat device tree that the guest was started with.
class Tree {
  public:
    /// Nothing where there is no tree at `address`.
    static std::optional<Tree> at(std::uint64_t address);

    std::optional<std::uint32_t> cell(const char* path, const char* property, unsigned index = 0) const;
    /// Cell `index` of a property of the first node whose device_type is "cpu".
    std::optional<std::uint32_t> processor_cell(const char* property, unsigned index = 0) const;
    /// How many nodes have the device_type "cpu".
    unsigned processors() const;
    bool processor_has(const char* property) const;
    /// A property that is text; empty where there is none.
    std::string_view text(const char* path, const char* property) const;
    /// Bytes of memory from address 0 on, as far as the ranges of all memory nodes are contiguous.
    std::uint64_t memory() const;
    /// The token of an RTAS call that the partition may make.
    std::optional<std::uint32_t> rtas_token(const char* name) const { return cell("/rtas", name); }
    /// Whether /rtas ibm,hypertas-functions lists the function set.
    bool has_function_set(const char* name) const;

  private:
    explicit Tree(const void* blob) : blob_(blob) {}
    std::optional<std::uint32_t> cell_of(int node, const char* property, unsigned index) const;
    int processor() const;
    std::uint64_t memory_behind(std::uint64_t begin) const;

    const void* blob_;
};

} // namespace guest
