// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"

#include "elf_check.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <libfdt.h>
#include <transom/tree/manifest.hpp>
#include <unistd.h>

namespace transom::tool {
namespace {

using Bytes = std::vector<std::byte>;

struct NamedFile {
    std::string path;
    Bytes contents;
};

tree::Manifest parse(const std::string& name, const Bytes& blob) {
    const auto manifest = tree::Manifest::parse(blob);
    if (!manifest)
        fail("{}: {}", name, manifest.error().view());
    return *manifest;
}

/// The files that the partitions name, each once.
std::vector<NamedFile> collect_files(const ManifestFile& manifest, const tree::Manifest& parsed) {
    std::vector<NamedFile> files;
    const auto add = [&](std::string_view path, bool is_kernel) -> const NamedFile& {
        const auto known = std::ranges::find(files, path, &NamedFile::path);
        if (known != files.end())
            return *known;
        const auto resolved = resolve(path, manifest.folder);
        files.push_back({std::string(path), read_contents(resolved, manifest.name)});
        if (const auto problem = kernel_problem(files.back().contents); is_kernel && !problem.empty())
            fail("{}: the kernel {} {}", manifest.name, resolved.string(), problem);
        return files.back();
    };
    for (const auto& partition : parsed.partitions()) {
        add(partition.kernel, true);
        if (!partition.initramfs.empty())
            add(partition.initramfs, false);
    }
    return files;
}

/// A flattened tree that grows. A libfdt error here is a bug of ours, not of the input: the blob has been checked.
class GrowingTree {
  public:
    GrowingTree(const Bytes& blob, std::size_t room) : blob_(blob.size() + room) {
        check(fdt_open_into(blob.data(), blob_.data(), static_cast<int>(blob_.size())));
    }

    int child(int parent, const char* name) {
        const int found = fdt_subnode_offset(blob_.data(), parent, name);
        return found != -FDT_ERR_NOTFOUND ? check(found) : check(fdt_add_subnode(blob_.data(), parent, name));
    }
    void set(int node, const char* name, const std::string& text) {
        check(fdt_setprop(blob_.data(), node, name, text.c_str(), static_cast<int>(text.size() + 1)));
    }
    void set_if_absent(int node, const char* name, const std::string& text) {
        if (!text.empty() && fdt_getprop(blob_.data(), node, name, nullptr) == nullptr)
            set(node, name, text);
    }
    void set(int node, const char* name, const Bytes& data) {
        check(fdt_setprop(blob_.data(), node, name, data.data(), static_cast<int>(data.size())));
    }
    void set_cell(int node, const char* name, std::uint32_t value) {
        check(fdt_setprop_u32(blob_.data(), node, name, value));
    }
    Bytes finish() {
        check(fdt_pack(blob_.data()));
        blob_.resize(fdt_totalsize(blob_.data()));
        return std::move(blob_);
    }

  private:
    static int check(int result) {
        if (result < 0)
            throw std::logic_error(fmt::format("bundle: {}", fdt_strerror(result)));
        return result;
    }

    Bytes blob_;
};

constexpr std::size_t room_for_names = 64 << 10;

/// The manifest with `change` made to the node of each of its partitions.
template <class F> ManifestFile with_each_partition(ManifestFile manifest, F change) {
    for (const std::string& name : partition_names(manifest)) {
        GrowingTree tree(manifest.blob, room_for_names);
        change(tree, tree.child(tree.child(0, "partitions"), name.c_str()));
        manifest.blob = tree.finish();
    }
    return manifest;
}

/// For each bundle anew: what a machine makes the keys of its connections from, and, where it has no generator of its own, all its
/// random numbers.
constexpr std::size_t seed_size = 64;

} // namespace

ManifestFile read_manifest(const std::filesystem::path& source) {
    return {source.string(), source.parent_path(), compile_manifest(source)};
}

std::vector<std::string> partition_names(const ManifestFile& manifest) {
    std::vector<std::string> names;
    const auto parsed = parse(manifest.name, manifest.blob);
    for (const auto& partition : parsed.partitions())
        names.emplace_back(partition.name);
    return names;
}

void check_memory(const ManifestFile& manifest, std::uint64_t machine_mib) {
    const auto parsed = parse(manifest.name, manifest.blob);
    std::uint64_t wanted = 0;
    for (const auto& partition : parsed.partitions())
        wanted += partition.memory >> 20;
    if (wanted > machine_mib)
        fail("{}: its partitions have {} MiB together and the machine has {} MiB: lower memory-mib, or give more "
             "--memory",
             manifest.name, wanted, machine_mib);
}

std::vector<std::byte> build_bundle(const ManifestFile& manifest, const MachineIdentity& identity,
                                    const std::optional<MachineKeys>& keys) {
    const auto files = collect_files(manifest, parse(manifest.name, manifest.blob));
    std::size_t size = manifest.blob.size() + room_for_names;
    for (const auto& file : files)
        size += file.contents.size();
    if (size > max_bundle)
        fail("{}: the files are {} MiB together and a machine takes {} MiB", manifest.name, size >> 20,
             max_bundle >> 20);

    GrowingTree tree(manifest.blob, size - manifest.blob.size());
    const int machine = tree.child(0, "machine");
    tree.set_if_absent(machine, "label", identity.label);
    tree.set_if_absent(machine, "link-address", identity.link_address);
    tree.set_if_absent(machine, "management-address", identity.management_address);
    tree.set(tree.child(0, "chosen"), "rng-seed", random_bytes(seed_size));
    if (keys) {
        tree.set(tree.child(0, "keys"), "private-key", Bytes(keys->own.begin(), keys->own.end()));
        const auto pin = [&](const char* property, const std::vector<secure::PublicKey>& known) {
            Bytes joined;
            for (const secure::PublicKey& each : known)
                joined.insert(joined.end(), each.begin(), each.end());
            if (!joined.empty())
                tree.set(tree.child(0, "keys"), property, joined);
        };
        pin("peer-keys", keys->peers);
        pin("operator-keys", keys->operators);
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        // Offsets move whenever something is added: looked up again each time.
        const auto file = [&] { return tree.child(tree.child(0, "files"), fmt::format("file@{}", i).c_str()); };
        tree.set(file(), "path", files[i].path);
        tree.set(file(), "data", files[i].contents);
    }
    auto bundle = tree.finish();
    parse(manifest.name, bundle);
    return bundle;
}

ManifestFile with_observed_calls(ManifestFile manifest) {
    return with_each_partition(std::move(manifest),
                               [](GrowingTree& tree, int partition) { tree.set(partition, "observe-calls", Bytes{}); });
}

ManifestFile with_virtual_processors(ManifestFile manifest, unsigned count) {
    return with_each_partition(std::move(manifest), [count](GrowingTree& tree, int partition) {
        tree.set_cell(partition, "virtual-processors", count);
    });
}

ManifestFile with_page_table(ManifestFile manifest, unsigned mib) {
    return with_each_partition(std::move(manifest), [mib](GrowingTree& tree, int partition) {
        tree.set_cell(partition, "page-table-mib", mib);
    });
}

ManifestFile with_memory(ManifestFile manifest, unsigned mib) {
    return with_each_partition(
        std::move(manifest), [mib](GrowingTree& tree, int partition) { tree.set_cell(partition, "memory-mib", mib); });
}

ManifestFile empty_manifest() {
    return {"empty", ".",
            compile_manifest_text("empty.dts", "/dts-v1/;\n/ { compatible = \"transom,manifest-1\"; };\n")};
}

std::vector<std::byte> build_empty_bundle(const MachineIdentity& identity, const std::optional<MachineKeys>& keys) {
    return build_bundle(empty_manifest(), identity, keys);
}

MachineIdentity identity_of(unsigned number) {
    return {std::string(1, static_cast<char>('A' + number - 1)), fmt::format("10.77.0.{}", number), "10.0.2.15"};
}

std::vector<std::byte> read_contents(const std::filesystem::path& path, std::string_view wanted_by) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file || !std::filesystem::is_regular_file(path))
        fail("{}: cannot read {}: {}", wanted_by, path.string(), file ? "it is no regular file" : std::strerror(errno));
    std::vector<std::byte> contents(static_cast<std::size_t>(file.tellg()));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    if (!file)
        fail("{}: cannot read {}", wanted_by, path.string());
    return contents;
}

void write_private_file(const std::filesystem::path& path, std::span<const std::byte> contents) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.get() < 0)
        fail("cannot write {}: {}", path.string(), std::strerror(errno));
    while (!contents.empty()) {
        const ssize_t written = ::write(file.get(), contents.data(), contents.size());
        if (written < 0 && errno != EINTR)
            fail("cannot write {}: {}", path.string(), std::strerror(errno));
        contents = contents.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> contents) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    if (!file.flush())
        fail("cannot write {}: {}", path.string(), std::strerror(errno));
}

} // namespace transom::tool
