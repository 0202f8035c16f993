// SPDX-License-Identifier: Apache-2.0
#include "create_refusal.hpp"

#include <algorithm>
#include <arch/real_memory.hpp>
#include <new>
#include <transom/base/panic.hpp>
#include <transom/manage/definitions.hpp>
#include <type_traits>
#include <utility>

namespace transom::manage {

using memory::FrameState;

namespace {

constexpr Bytes whole_frames(Bytes size) { return RealAddr{size}.align_up(memory::frame_size).value; }
constexpr std::uint64_t to_mib(Bytes n) { return n >> 20; }

} // namespace

std::expected<Definitions::Bundle*, Refusal> Definitions::take(Bytes size) {
    const Bytes free = frames_.available();
    const Bytes header = whole_frames(sizeof(Bundle));
    // Compared before anything is added: an operator may write any number.
    if (size > free || header + whole_frames(size) > free)
        return refuse("no-memory",
                      "a bundle of {} MiB, and {} MiB are free: end a partition or remove a definition first",
                      to_mib(size), to_mib(free));
    const RealRange memory{{}, header + whole_frames(size)};
    // The bundle fills all of it that anybody looks at.
    const auto begin = frames_.allocate(memory.size, memory::frame_size, FrameState::hypervisor, memory::Contents::any);
    if (!begin)
        return refuse("no-memory",
                      "there is no free run of {} MiB for a bundle: end a partition or remove a definition first",
                      to_mib(memory.size));
    auto* const bundle = new (arch::real_pointer(*begin)) Bundle;
    bundle->memory = {*begin, memory.size};
    bundle->size = size;
    return bundle;
}

/// The bundle whose blob that is.
Definitions::Bundle* Definitions::bundle_of(std::span<std::byte> blob) {
    return std::launder(reinterpret_cast<Bundle*>(blob.data() - whole_frames(sizeof(Bundle))));
}

std::expected<std::span<std::byte>, Refusal> Definitions::reserve(Bytes size) {
    const auto bundle = take(size);
    if (!bundle)
        return std::unexpected(bundle.error());
    return std::span(arch::real_pointer((*bundle)->memory.begin) + whole_frames(sizeof(Bundle)), size);
}

void Definitions::drop(std::span<std::byte> memory) {
    static_assert(std::is_trivially_destructible_v<Bundle>);
    const RealRange all = bundle_of(memory)->memory;
    frames_.release(all, FrameState::hypervisor);
}

Done Definitions::may_define(const tree::Manifest& manifest, partition::Roster& here) const {
    if (manifest.partitions().empty() || !manifest.is_bundle())
        return refuse("malformed", "the bundle has no partitions with their files: make it with transom define");
    const Bytes machine =
        frames_.available() + frames_.total(FrameState::partition) + frames_.total(FrameState::page_table);
    for (const tree::PartitionDescription& description : manifest.partitions()) {
        if (find(description.name) != nullptr)
            return refuse("name-in-use",
                          "partition {}: there is a definition of that name: remove it first, or rename this one",
                          description.name);
        if (here.find(description.name) != nullptr)
            return refuse("name-in-use", "partition {}: one of that name has come here: rename this one",
                          description.name);
        if (description.memory > machine)
            return refuse(
                "no-memory",
                "partition {}: it asks for {} MiB, and the machine has {} MiB for partitions: lower memory-mib",
                description.name, to_mib(description.memory), to_mib(machine));
        if (const auto contents = partition::check_contents(description, manifest); !contents)
            return refuse(contents.error());
    }
    return {};
}

void Definitions::fill(Bundle& bundle, const tree::Manifest& manifest, bool by_operator) {
    bundle.manifest = manifest;
    const auto descriptions = bundle.manifest.partitions();
    for (std::size_t i = 0; i < descriptions.size(); ++i)
        bundle.definitions[i] = {
            .description = &descriptions[i], .bundle = &bundle.manifest, .by_operator = by_operator};
}

void Definitions::link(Bundle& bundle) {
    Bundle** link = &first_;
    while (*link != nullptr)
        link = &(*link)->next;
    *link = &bundle;
}

Done Definitions::adopt(const tree::Manifest& manifest) {
    if (manifest.partitions().empty())
        return {};
    const auto bundle = take(0);
    if (!bundle)
        return std::unexpected(bundle.error());
    fill(**bundle, manifest, false);
    link(**bundle);
    return {};
}

std::expected<std::size_t, Refusal> Definitions::define(std::span<std::byte> memory, partition::Roster& here) {
    const auto manifest = tree::Manifest::parse(memory);
    if (!manifest)
        return refuse("malformed", "{}", manifest.error().view());
    if (const auto possible = may_define(*manifest, here); !possible)
        return std::unexpected(possible.error());
    fill(*bundle_of(memory), *manifest, true);
    link(*bundle_of(memory));
    return manifest->partitions().size();
}

Done Definitions::prepare(std::span<std::byte> memory, std::string_view name, const migrate::DefinitionShape& shape) {
    const auto manifest = tree::Manifest::parse(memory);
    if (!manifest)
        return refuse("malformed", "{}", manifest.error().view());
    if (manifest->partitions().size() != 1 || !manifest->is_bundle() || manifest->partitions()[0].name != name)
        return refuse("malformed", "it is no bundle of {} alone", name);
    if (const auto contents = partition::check_contents(manifest->partitions()[0], *manifest); !contents)
        return refuse(contents.error());
    Bundle& bundle = *bundle_of(memory);
    fill(bundle, *manifest, shape.by_operator);
    bundle.definitions[0].digest = shape.digest;
    bundle.definitions[0].came_along = true;
    return {};
}

const Definition* Definitions::find(std::string_view name) const {
    for (const Bundle* bundle = first_; bundle != nullptr; bundle = bundle->next)
        for (const Definition& definition : bundle->definitions)
            if (definition.description != nullptr && definition.name() == name)
                return &definition;
    return nullptr;
}

Definition* Definitions::find(std::string_view name) {
    return const_cast<Definition*>(std::as_const(*this).find(name));
}

bool Definitions::any_by_operator() const {
    for (const Bundle* bundle = first_; bundle != nullptr; bundle = bundle->next)
        for (const Definition& definition : bundle->definitions)
            if (definition.description != nullptr && definition.by_operator)
                return true;
    return false;
}

void Definitions::remove(Definition& definition) {
    const auto has_it = [&](const Bundle& bundle) { return definition.bundle == &bundle.manifest; };
    Bundle** link = &first_;
    for (; !has_it(**link); link = &(*link)->next)
        invariant((*link)->next != nullptr, "a definition that this machine does not have");
    Bundle& bundle = **link;
    definition = {};
    if (std::ranges::any_of(bundle.definitions, [](const Definition& d) { return d.description != nullptr; }))
        return;
    *link = bundle.next;
    const RealRange all = bundle.memory;
    frames_.release(all, FrameState::hypervisor);
}

} // namespace transom::manage
