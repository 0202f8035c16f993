// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/base/big_endian.hpp>
#include <transom/tree/node_reader.hpp>

namespace transom::tree {

std::string_view NodeReader::name(int node) const {
    int length = 0;
    const char* name = fdt_get_name(fdt_, node, &length);
    return name == nullptr ? std::string_view{} : std::string_view{name, static_cast<std::size_t>(length)};
}

void NodeReader::allow_properties(int node, std::string_view where, std::initializer_list<std::string_view> known) {
    int property;
    fdt_for_each_property_offset(property, fdt_, node) {
        int length = 0;
        const char* name = nullptr;
        const void* value = fdt_getprop_by_offset(fdt_, property, &name, &length);
        if (value == nullptr || name == nullptr)
            return fail("{}: a property cannot be read: {}", where, fdt_strerror(length));
        if (std::ranges::find(known, std::string_view{name}) == known.end()) {
            if (known.size() == 0)
                return fail("{}: property {} is not known: this node has none", where, name);
            ErrorLine all;
            for (const std::string_view one : known)
                all = ErrorLine::formatted("{}{}{}", all.view(), all.empty() ? "" : ", ", one);
            return fail("{}: property {} is not known: the properties are {}", where, name, all.view());
        }
        if (fdt_getprop(fdt_, node, name, nullptr) != value)
            return fail("{}: property {} is there twice: keep one", where, name);
    }
}

void NodeReader::allow_no_children(int node, std::string_view where) {
    for_each_child(node, [&](int child) { fail("{}: node {} is not known: remove it", where, name(child)); });
}

void NodeReader::refuse_twin(int parent, int node, std::string_view where) {
    const std::string_view own = name(node);
    const int first = fdt_subnode_offset_namelen(fdt_, parent, own.data(), static_cast<int>(own.size()));
    if (first != node)
        fail("{}: there are two nodes of this name: rename one", where);
}

std::optional<std::string_view> NodeReader::text(int node, std::string_view where, const char* property) {
    const auto value = bytes(node, property);
    if (!value || failed())
        return std::nullopt;
    const std::string_view characters{reinterpret_cast<const char*>(value->data()), value->size()};
    if (characters.size() < 2 || characters.back() != '\0') {
        fail("{}: {} is no text: write {} = \"...\"", where, property, property);
        return std::nullopt;
    }
    const std::string_view content = characters.substr(0, characters.size() - 1);
    if (!std::ranges::all_of(content, [](char c) { return c >= ' ' && c <= '~'; })) {
        fail("{}: {} has characters that cannot be printed, or is several texts: write one text in ASCII", where,
             property);
        return std::nullopt;
    }
    return content;
}

std::optional<std::uint32_t> NodeReader::number(int node, std::string_view where, const char* property) {
    const auto value = bytes(node, property);
    if (!value || failed())
        return std::nullopt;
    if (value->size() != sizeof(std::uint32_t)) {
        fail("{}: {} is not one number: write {} = <n>", where, property, property);
        return std::nullopt;
    }
    return load_be<std::uint32_t>(value->data());
}

bool NodeReader::flag(int node, std::string_view where, const char* property) {
    const auto value = bytes(node, property);
    if (value && !value->empty())
        fail("{}: {} takes no value: write {};", where, property, property);
    return value.has_value() && !failed();
}

std::optional<std::span<const std::byte>> NodeReader::bytes(int node, const char* property) const {
    int length = 0;
    const void* value = fdt_getprop(fdt_, node, property, &length);
    if (value == nullptr)
        return std::nullopt;
    return std::span{static_cast<const std::byte*>(value), static_cast<std::size_t>(length)};
}

} // namespace transom::tree
