// SPDX-License-Identifier: Apache-2.0
#include "blob_check.hpp"

#include <algorithm>
#include <bit>
#include <transom/base/big_endian.hpp>
#include <transom/memory/logical_memory.hpp>
#include <transom/tree/manifest.hpp>
#include <transom/tree/node_reader.hpp>

namespace transom::tree {

namespace {

constexpr std::size_t max_files = 2 * max_described_partitions; // a kernel and an initramfs for each

constexpr Bytes min_memory = memory::block_size;
constexpr Bytes max_memory = memory::max_blocks * memory::block_size;
constexpr std::uint32_t max_page_table_mib = 1024;
constexpr std::uint64_t to_mib(Bytes n) { return n >> 20; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; }

std::optional<Ipv4> parse_ipv4(std::string_view text) {
    Ipv4 address{};
    for (std::size_t i = 0; i < address.size(); ++i) {
        if (i > 0) {
            if (text.empty() || text.front() != '.')
                return std::nullopt;
            text.remove_prefix(1);
        }
        unsigned value = 0, digits = 0;
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9' && digits < 3; ++digits) {
            value = value * 10 + static_cast<unsigned>(text.front() - '0');
            text.remove_prefix(1);
        }
        if (digits == 0 || value > 255)
            return std::nullopt;
        address[i] = static_cast<std::uint8_t>(value);
    }
    return text.empty() ? std::optional(address) : std::nullopt;
}

} // namespace

class ManifestReader : NodeReader {
  public:
    explicit ManifestReader(std::span<const std::byte> blob) : NodeReader(blob.data()) { manifest_.blob_ = blob; }

    std::expected<Manifest, ManifestError> read() {
        constexpr int root = 0;
        if (text(root, "manifest", "compatible") != manifest_version)
            fail("manifest: the root's compatible is not \"{}\": this is no manifest, or one of another version",
                 manifest_version);
        allow_properties(root, "manifest", {"compatible"});
        // The files first: partitions name them.
        for_each_child(root, [&](int node) {
            refuse_twin(root, node, name(node));
            if (name(node) == "files")
                files(node);
            else if (name(node) == "chosen")
                chosen(node);
            else if (name(node) == "keys")
                keys(node);
            else if (name(node) != "machine" && name(node) != "partitions")
                fail("manifest: node {} is not known: the nodes are machine, partitions, files, chosen, keys",
                     name(node));
        });
        for_each_child(root, [&](int node) {
            if (name(node) == "machine")
                machine(node);
            else if (name(node) == "partitions")
                partitions(node);
        });
        if (failed())
            return std::unexpected(error());
        return manifest_;
    }

  private:
    void machine(int node) {
        allow_properties(node, "machine", {"label", "link-address", "management-address"});
        allow_no_children(node, "machine");
        manifest_.machine_.label = text(node, "machine", "label").value_or("");
        manifest_.machine_.link_address = ipv4(node, "link-address");
        manifest_.machine_.management_address = ipv4(node, "management-address");
    }

    void chosen(int node) {
        allow_properties(node, "chosen", {"rng-seed"});
        allow_no_children(node, "chosen");
        manifest_.rng_seed_ = bytes(node, "rng-seed").value_or(std::span<const std::byte>{});
        if (manifest_.rng_seed_.size() > max_rng_seed)
            fail("chosen: rng-seed has {} bytes: use at most {}", manifest_.rng_seed_.size(), max_rng_seed);
    }

    void keys(int node) {
        allow_properties(node, "keys", {"private-key", "peer-keys", "operator-keys"});
        allow_no_children(node, "keys");
        const auto own = bytes(node, "private-key");
        if (!own || own->size() != secure::private_key_size)
            return fail("keys: private-key has {} bytes: it must have {}", own ? own->size() : 0,
                        secure::private_key_size);
        manifest_.keys_ = Keys{*own, public_keys(node, "peer-keys"), public_keys(node, "operator-keys")};
        if (manifest_.keys_->peer_keys.empty() && manifest_.keys_->operator_keys.empty())
            fail("keys: there are neither peer-keys nor operator-keys: nobody could be let in");
    }

    std::span<const std::byte> public_keys(int node, const char* property) {
        const auto keys = bytes(node, property);
        if (keys && (keys->empty() || keys->size() % secure::public_key_size != 0 ||
                     keys->size() / secure::public_key_size > secure::Identity::max_peers))
            fail("keys: {} has {} bytes: it must have 1 to {} keys of {}", property, keys->size(),
                 secure::Identity::max_peers, secure::public_key_size);
        return keys.value_or(std::span<const std::byte>{});
    }

    std::optional<Ipv4> ipv4(int node, const char* property) {
        const auto written = text(node, "machine", property);
        if (!written)
            return std::nullopt;
        const auto address = parse_ipv4(*written);
        if (!address)
            fail("machine: {} is \"{}\": write an IPv4 address, such as 10.77.0.1", property, *written);
        return address;
    }

    void files(int node) {
        manifest_.bundle_ = true;
        allow_properties(node, "files", {});
        std::size_t count = 0;
        for_each_child(node, [&](int file) {
            const std::string_view where = name(file);
            if (++count > max_files) // each is compared with all before it
                return fail("files: there are more than {}: make the bundle again", max_files);
            refuse_twin(node, file, where);
            allow_properties(file, where, {"path", "data"});
            allow_no_children(file, where);
            const auto path = text(file, where, "path");
            if (!path || !bytes(file, "data"))
                return fail("files: {} has no path or no data: make the bundle again", where);
            for_each_child(node, [&](int other) {
                if (other < file && text(other, name(other), "path") == path)
                    fail("files: {} is there twice: make the bundle again", *path);
            });
        });
    }

    void partitions(int node) {
        allow_properties(node, "partitions", {});
        for_each_child(node, [&](int partition) {
            const auto where = ErrorLine::formatted("partition {}", name(partition));
            if (!manifest_.partitions_.push_back(describe(node, partition, where.view())))
                fail("partitions: there are more than {}: remove some", max_described_partitions);
        });
    }

    PartitionDescription describe(int parent, int node, std::string_view where) {
        PartitionDescription d;
        d.name = name(node);
        if (d.name.empty() || d.name.size() > max_partition_name || !is_letter(d.name.front()) ||
            !std::ranges::all_of(d.name, is_name_character))
            fail("{}: this is no name for a partition: a letter, then letters, digits, '-', '_' or '.', at most {}",
                 where, max_partition_name);
        refuse_twin(parent, node, where);
        allow_properties(node, where,
                         {"memory-mib",
                          "page-table-mib",
                          "virtual-processors",
                          "entitled-capacity",
                          "capacity-weight",
                          "capped",
                          "dedicated-processors",
                          "donate-idle",
                          "granule-kib",
                          "large-pages",
                          "terminals",
                          "pool-idle-count",
                          "without-function-sets",
                          "observe-calls",
                          "memory-nodes",
                          "page-table-node",
                          "processor-nodes",
                          "keep-place",
                          "kernel",
                          "initramfs",
                          "bootargs"});
        allow_no_children(node, where);

        const std::uint32_t memory = required_number(node, where, "memory-mib");
        d.memory = mib(memory);
        if (d.memory < min_memory || d.memory > max_memory || d.memory % memory::block_size != 0)
            fail("{}: memory-mib is {}: use a multiple of {} from {} to {}", where, memory, to_mib(memory::block_size),
                 to_mib(min_memory), to_mib(max_memory));
        if (const auto table = number(node, where, "page-table-mib")) {
            if (!std::has_single_bit(*table) || *table > max_page_table_mib)
                fail("{}: page-table-mib is {}: use a power of 2 from 1 to {}", where, *table, max_page_table_mib);
            d.log2_page_table = static_cast<unsigned>(std::countr_zero(mib(*table)));
        }
        d.virtual_processors = number(node, where, "virtual-processors").value_or(1);
        if (d.virtual_processors < 1 || d.virtual_processors > max_virtual_processors)
            fail("{}: virtual-processors is {}: use 1 to {}", where, d.virtual_processors, max_virtual_processors);
        describe_capacity(d, node, where);
        const std::uint32_t granule = number(node, where, "granule-kib").value_or(64);
        if (granule != 4 && granule != 64)
            fail("{}: granule-kib is {}: use 4 or 64", where, granule);
        d.granule = kib(granule);
        d.large_pages = flag(node, where, "large-pages");
        d.terminals = number(node, where, "terminals").value_or(1);
        if (d.terminals < 1 || d.terminals > max_described_terminals)
            fail("{}: terminals is {}: use 1 to {}", where, d.terminals, max_described_terminals);
        d.pool_idle_count = flag(node, where, "pool-idle-count");
        d.function_sets = function_sets(node, where);
        d.memory_nodes = nodes(node, where, "memory-nodes", max_listed_nodes);
        d.page_table_node = nodes(node, where, "page-table-node", 1);
        d.processor_nodes = nodes(node, where, "processor-nodes", d.virtual_processors);
        if (d.processor_nodes.size() > 1 && d.processor_nodes.size() != d.virtual_processors)
            fail("{}: processor-nodes has {} numbers: use one for all virtual processors, or one for each of the {}",
                 where, d.processor_nodes.size(), d.virtual_processors);
        d.keeps_place = flag(node, where, "keep-place");
        d.observe_calls = flag(node, where, "observe-calls");
        d.kernel = required_file(node, where, "kernel");
        if (has(node, "initramfs"))
            d.initramfs = required_file(node, where, "initramfs");
        // Unlike the others it may be empty: no arguments.
        if (const auto value = bytes(node, "bootargs"); value && (value->size() != 1 || value->front() != std::byte{0}))
            d.bootargs = text(node, where, "bootargs").value_or("");
        if (d.bootargs.size() > max_bootargs)
            fail("{}: bootargs has {} characters: use at most {}", where, d.bootargs.size(), max_bootargs);
        return d;
    }

    void describe_capacity(PartitionDescription& d, int node, std::string_view where) {
        d.entitled_capacity = number(node, where, "entitled-capacity");
        const std::uint32_t most = 100 * d.virtual_processors;
        if (d.entitled_capacity && (*d.entitled_capacity < min_entitled_capacity || *d.entitled_capacity > most))
            fail(
                "{}: entitled-capacity is {}: use {} to {}, hundredths of a processor and at most 100 for each virtual "
                "processor",
                where, *d.entitled_capacity, min_entitled_capacity, most);
        const std::uint32_t weight = number(node, where, "capacity-weight").value_or(128);
        if (weight > 255)
            fail("{}: capacity-weight is {}: use 0 to 255", where, weight);
        d.capacity_weight = static_cast<std::uint8_t>(weight);
        d.capped = flag(node, where, "capped");
        if (d.capped && !d.entitled_capacity)
            fail("{}: capped says that entitled-capacity is never exceeded: add entitled-capacity = <n>", where);
        describe_dedication(d, node, where);
    }

    void describe_dedication(PartitionDescription& d, int node, std::string_view where) {
        d.dedicated_processors = flag(node, where, "dedicated-processors");
        d.donates_idle = flag(node, where, "donate-idle");
        if (d.donates_idle && !d.dedicated_processors)
            fail("{}: donate-idle says what becomes of dedicated processors: add dedicated-processors", where);
        if (!d.dedicated_processors)
            return;
        for (const char* property : {"entitled-capacity", "capacity-weight", "capped"})
            if (has(node, property))
                fail("{}: {} is the share of processors that are not dedicated: remove it, or dedicated-processors",
                     where, property);
        d.entitled_capacity = 100 * d.virtual_processors;
        d.capacity_weight = 0;
        d.capped = true;
    }

    /// At most so many numbers of nodes; which of them a machine has only it knows.
    NodeList nodes(int node, std::string_view where, const char* property, std::size_t most) {
        constexpr std::uint32_t max_node = 63;
        NodeList list;
        const auto value = bytes(node, property);
        if (!value)
            return list;
        const std::size_t count = value->size() / sizeof(std::uint32_t);
        if (value->size() % sizeof(std::uint32_t) != 0 || count == 0 || count > most) {
            fail("{}: {} is no list of numbers, {} at most: write {} = <n>", where, property, most, property);
            return list;
        }
        for (std::size_t i = 0; i < count; ++i) {
            const auto number = load_be<std::uint32_t>(value->data() + i * sizeof(std::uint32_t));
            if (number > max_node)
                fail("{}: {} names node {}: use 0 to {}", where, property, number, max_node);
            (void)list.push_back(number);
        }
        return list;
    }

    papr::FunctionSets function_sets(int node, std::string_view where) {
        constexpr const char* property = "without-function-sets";
        papr::FunctionSets left = papr::FunctionSets::all();
        for_each_text(node, where, property, [&](std::string_view name) {
            const auto set = papr::function_set_named(name);
            if (!set)
                return fail("{}: {} names {}: the sets are those of docs/hcalls.md, such as {}", where, property, name,
                            papr::function_sets.front().name);
            if (!left.contains(*set))
                return fail("{}: {} names {} twice: remove one", where, property, name);
            left = left.without(*set);
        });
        return left;
    }

    bool has(int node, const char* property) const { return bytes(node, property).has_value(); }

    std::uint32_t required_number(int node, std::string_view where, const char* property) {
        const auto value = number(node, where, property);
        if (!value)
            fail("{}: {} is missing: add {} = <n>", where, property, property);
        return value.value_or(0);
    }

    std::string_view required_file(int node, std::string_view where, const char* property) {
        const auto path = text(node, where, property);
        if (!path)
            fail("{}: {} is missing: add {} = \"path\"", where, property, property);
        else if (manifest_.bundle_ && !manifest_.file(*path))
            fail("{}: {} {} is not among the bundle's files: make the bundle again", where, property, *path);
        return path.value_or("");
    }

    Manifest manifest_;
};

std::expected<Manifest, ManifestError> Manifest::parse(std::span<const std::byte> blob) {
    const auto malformed = [](std::string_view why) {
        return std::unexpected(
            ManifestError::formatted("manifest: {}: compile it with dtc, or make the bundle again", why));
    };
    if (reinterpret_cast<std::uintptr_t>(blob.data()) % blob_alignment != 0)
        return malformed("it does not start at a multiple of 8");
    if (const char* const why = what_is_wrong(blob); why != nullptr)
        return malformed(why);
    return ManifestReader(blob).read();
}

std::optional<std::span<const std::byte>> Manifest::file(std::string_view path) const {
    NodeReader reader(blob_.data());
    const int files = fdt_path_offset(blob_.data(), "/files");
    if (files < 0)
        return std::nullopt;
    std::optional<std::span<const std::byte>> found;
    reader.for_each_child(files, [&](int file) {
        if (!found && reader.text(file, "files", "path") == path)
            found = reader.bytes(file, "data");
    });
    return found;
}

} // namespace transom::tree
