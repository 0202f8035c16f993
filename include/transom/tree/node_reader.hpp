// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <libfdt.h>
#include <optional>
#include <span>
#include <string_view>
#include <transom/base/fixed_text.hpp>
#include <utility>

namespace transom::tree {

/// Reads the nodes of a flattened tree that was checked to be well-formed. The first thing that is wrong is kept as one
/// line and everything after it reads as absent, so that callers need not ask after each step.
class NodeReader {
  public:
    explicit NodeReader(const void* fdt) : fdt_(fdt) {}

    bool failed() const { return !error_.empty(); }
    const ErrorLine& error() const { return error_; }
    template <class... Args> void fail(fmt::format_string<Args...> format, Args&&... arguments) {
        if (!failed())
            error_ = ErrorLine::formatted(format, std::forward<Args>(arguments)...);
    }

    /// The node's name with its unit address.
    std::string_view name(int node) const;
    /// Calls visit(child) for each child until something has failed.
    template <class Visit> void for_each_child(int node, Visit visit) {
        int child;
        fdt_for_each_subnode(child, fdt_, node) {
            if (failed())
                return;
            visit(child);
        }
    }

    /// Fails where the node has a property that is not in the list, or one twice. `where` names the node in the line.
    void allow_properties(int node, std::string_view where, std::initializer_list<std::string_view> known);
    /// Fails where the node has child nodes.
    void allow_no_children(int node, std::string_view where);
    /// Fails where an earlier sibling has the same name.
    void refuse_twin(int parent, int node, std::string_view where);

    /// A text: one string, of printable characters and not empty. Absent: nullopt.
    std::optional<std::string_view> text(int node, std::string_view where, const char* property);
    /// Calls visit(text) for each of one or more texts, until something has failed. Absent: for none.
    template <class Visit> void for_each_text(int node, std::string_view where, const char* property, Visit visit) {
        const int count = fdt_stringlist_count(fdt_, node, property);
        if (count == -FDT_ERR_NOTFOUND)
            return;
        if (count <= 0)
            fail("{}: {} is no list of texts: write {} = \"...\", \"...\"", where, property, property);
        for (int i = 0; i < count && !failed(); ++i)
            visit(std::string_view(fdt_stringlist_get(fdt_, node, property, i, nullptr)));
    }
    /// A number: one cell. Absent: nullopt.
    std::optional<std::uint32_t> number(int node, std::string_view where, const char* property);
    /// A property that is there or not, without a value.
    bool flag(int node, std::string_view where, const char* property);
    /// The bytes of a property, whatever they are.
    std::optional<std::span<const std::byte>> bytes(int node, const char* property) const;

  private:
    const void* fdt_;
    ErrorLine error_;
};

} // namespace transom::tree
