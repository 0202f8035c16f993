// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <transom/manage/refusal.hpp>
#include <transom/memory/frames.hpp>
#include <transom/migrate/definition.hpp>
#include <transom/partition/roster.hpp>
#include <transom/tree/manifest.hpp>

namespace transom::manage {

/// What a partition is started from, as often as somebody wants it: its description, in a bundle that stays here.
struct Definition {
    const tree::PartitionDescription* description = nullptr; // null: it has been removed
    const tree::Manifest* bundle = nullptr;
    bool by_operator = false; // else it came with the machine's own bundle
    bool moved_away = false;  // the partition runs on another machine now
    bool came_along = false;  // with the partition, from another machine
    std::uint64_t digest = 0; // as migrate::DefinitionShape says

    std::string_view name() const { return description->name; }
};

/// The definitions of a machine, each of another name, with the bundles that they need. A bundle has one piece of the hypervisor's
/// memory, which is given back with the last of its definitions; that of the machine's own bundle, which firmware put there, is not.
class Definitions {
  public:
    explicit Definitions(memory::Frames& frames) : frames_(frames) {}

    /// Defines what the machine's own bundle has, which stays where it is.
    Done adopt(const tree::Manifest& bundle);

    /// Memory for a bundle of that size that is to come. It belongs to the caller, who gives it to define() or to drop().
    std::expected<std::span<std::byte>, Refusal> reserve(Bytes size);
    void drop(std::span<std::byte> memory);
    /// Defines what the bundle in that memory has, and keeps the memory: how many those are. After an error it is the caller's still.
    /// A name is taken by a partition that is `here`, too.
    std::expected<std::size_t, Refusal> define(std::span<std::byte> memory, partition::Roster& here);

    /// Makes a definition of the bundle in that memory, which is one of a partition of that name that is on its way here; it is found when
    /// keep() was called. After an error the memory is the caller's still, and has no definition in it.
    Done prepare(std::span<std::byte> memory, std::string_view name, const migrate::DefinitionShape& shape);
    void keep(std::span<std::byte> memory) { link(*bundle_of(memory)); }

    Definition* find(std::string_view name);
    const Definition* find(std::string_view name) const;
    /// Forgets it. The reference is dead afterwards.
    void remove(Definition& definition);
    /// Whether operators have defined any that are still there.
    bool any_by_operator() const;

    /// Calls `with` for each, in the order in which they came.
    template <class F> void for_each(F with) {
        for (Bundle* bundle = first_; bundle != nullptr; bundle = bundle->next)
            for (Definition& definition : bundle->definitions)
                if (definition.description != nullptr)
                    with(definition);
    }

  private:
    /// At the beginning of its memory; the blob follows.
    struct Bundle {
        RealRange memory{};
        Bytes size = 0; // of the blob; 0: it is elsewhere
        tree::Manifest manifest;
        std::array<Definition, tree::max_described_partitions> definitions{};
        Bundle* next = nullptr;
    };

    std::expected<Bundle*, Refusal> take(Bytes size);
    static Bundle* bundle_of(std::span<std::byte> blob);
    Done may_define(const tree::Manifest& manifest, partition::Roster& here) const;
    static void fill(Bundle& bundle, const tree::Manifest& manifest, bool by_operator);
    void link(Bundle& bundle);

    memory::Frames& frames_;
    Bundle* first_ = nullptr;
};

} // namespace transom::manage
