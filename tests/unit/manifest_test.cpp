// SPDX-License-Identifier: Apache-2.0
#include "fdt_builder.hpp"

#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <random>
#include <sys/mman.h>
#include <transom/tree/manifest.hpp>
#include <unistd.h>

namespace transom::tree {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::byte> kernel_data(100, std::byte{1});
const std::vector<std::byte> initramfs_data(33, std::byte{2});

void debian(FdtBuilder& fdt, const std::string& name = "debian") {
    fdt.begin(name).number("memory-mib", 256).text("kernel", "vmlinux").end();
}

/// A manifest whose `partitions` node is filled by `body`.
std::expected<Manifest, ManifestError> manifest(FdtBuilder& fdt, const std::function<void()>& body) {
    fdt.text("compatible", "transom,manifest-1").begin("partitions");
    body();
    return Manifest::parse(fdt.end().finish());
}

/// The line for a manifest of one partition `debian` whose properties are `body`'s; "" where it was accepted.
std::string partition_error(const std::function<void(FdtBuilder&)>& body) {
    FdtBuilder fdt;
    const auto result = manifest(fdt, [&] {
        fdt.begin("debian");
        body(fdt);
        fdt.end();
    });
    return result ? "" : std::string(result.error().view());
}

std::span<const std::byte> whole_bundle(FdtBuilder& fdt) {
    fdt.text("compatible", "transom,manifest-1");
    fdt.begin("machine").text("label", "A").text("link-address", "10.77.0.1").text("management-address", "10.0.2.15");
    fdt.end().begin("partitions").begin("debian").number("memory-mib", 512).number("virtual-processors", 2);
    fdt.number("granule-kib", 4).flag("large-pages").text("kernel", "vmlinux").text("initramfs", "dir/initramfs.gz");
    fdt.text("bootargs", "console=hvc0 x=\"a b\"").end();
    debian(fdt, "second");
    fdt.end().begin("files");
    fdt.begin("file@0").text("path", "vmlinux").bytes("data", kernel_data).end();
    fdt.begin("file@1").text("path", "dir/initramfs.gz").bytes("data", initramfs_data).end();
    return fdt.end().finish();
}

TEST(Manifest, RefusesMoreFilesThanItsPartitionsCanName) {
    for (const int count : {32, 33}) {
        FdtBuilder fdt;
        fdt.text("compatible", "transom,manifest-1").begin("files");
        for (int i = 0; i < count; ++i)
            fdt.begin("file@" + std::to_string(i)).text("path", std::to_string(i)).bytes("data", kernel_data).end();
        const auto m = Manifest::parse(fdt.end().finish());
        EXPECT_EQ(m ? "" : m.error().view(), count == 32 ? "" : "files: there are more than 32: make the bundle again");
    }
}

TEST(Manifest, ReadsAWholeBundle) {
    FdtBuilder fdt;
    const auto m = Manifest::parse(whole_bundle(fdt));
    ASSERT_TRUE(m) << m.error().view();
    EXPECT_EQ(m->machine().label, "A");
    EXPECT_EQ(m->machine().link_address, (Ipv4{10, 77, 0, 1}));
    EXPECT_EQ(m->machine().management_address, (Ipv4{10, 0, 2, 15}));
    ASSERT_EQ(m->partitions().size(), 2u);
    const PartitionDescription& p = m->partitions()[0];
    EXPECT_EQ(p.name, "debian");
    EXPECT_EQ(p.memory, mib(512));
    EXPECT_EQ(p.virtual_processors, 2u);
    EXPECT_EQ(p.granule, kib(4));
    EXPECT_TRUE(p.large_pages);
    EXPECT_EQ(p.kernel, "vmlinux");
    EXPECT_EQ(p.initramfs, "dir/initramfs.gz");
    EXPECT_EQ(p.bootargs, "console=hvc0 x=\"a b\"");
    EXPECT_TRUE(m->is_bundle());
    ASSERT_TRUE(m->file("vmlinux"));
    EXPECT_THAT(*m->file("vmlinux"), testing::ElementsAreArray(kernel_data));
    EXPECT_THAT(*m->file("dir/initramfs.gz"), testing::ElementsAreArray(initramfs_data));
    EXPECT_FALSE(m->file("initramfs.gz"));
}

TEST(Manifest, KnowsOperatorsAndOtherMachines) {
    constexpr std::size_t own = secure::private_key_size, key = secure::public_key_size;
    const std::vector<std::byte> bytes(17 * key, std::byte{4});
    const auto parse = [&](FdtBuilder& fdt, std::optional<std::size_t> peers, std::optional<std::size_t> operators) {
        fdt.text("compatible", "transom,manifest-1").begin("keys").bytes("private-key", std::span(bytes).first(own));
        if (peers)
            fdt.bytes("peer-keys", std::span(bytes).first(*peers));
        if (operators)
            fdt.bytes("operator-keys", std::span(bytes).first(*operators));
        return Manifest::parse(fdt.end().finish());
    };
    FdtBuilder both, operators, nobody;
    const auto m = parse(both, key, 2 * key);
    ASSERT_TRUE(m) << m.error().view();
    EXPECT_EQ(m->keys()->peer_keys.size(), key);
    EXPECT_EQ(m->keys()->operator_keys.size(), 2 * key);
    const auto alone = parse(operators, {}, key);
    ASSERT_TRUE(alone) << alone.error().view();
    EXPECT_TRUE(alone->keys()->peer_keys.empty());
    EXPECT_EQ(parse(nobody, {}, {}).error().view(),
              "keys: there are neither peer-keys nor operator-keys: nobody could be let in");
    for (const std::size_t size : {std::size_t{0}, key - 1, 17 * key}) {
        FdtBuilder fdt;
        EXPECT_THAT(std::string(parse(fdt, key, size).error().view()),
                    HasSubstr("operator-keys has " + std::to_string(size) + " bytes: it must have 1 to 16 keys of 65"));
    }
}

TEST(Manifest, HasTheKeysOfAMachine) {
    constexpr std::size_t own = secure::private_key_size, peer = secure::public_key_size;
    const std::vector<std::byte> bytes(20 * peer, std::byte{4});
    const auto parse = [&](FdtBuilder& fdt, std::size_t own_size, std::size_t peer_size) {
        fdt.text("compatible", "transom,manifest-1").begin("keys");
        fdt.bytes("private-key", std::span(bytes).first(own_size));
        return Manifest::parse(fdt.bytes("peer-keys", std::span(bytes).first(peer_size)).end().finish());
    };
    FdtBuilder good;
    const auto m = parse(good, own, 3 * peer);
    ASSERT_TRUE(m) << m.error().view();
    EXPECT_EQ(m->keys()->private_key.size(), own);
    EXPECT_EQ(m->keys()->peer_keys.size(), 3 * peer);
    for (const std::size_t size : {std::size_t{0}, own - 1, own + 1}) {
        FdtBuilder fdt;
        EXPECT_THAT(std::string(parse(fdt, size, peer).error().view()), HasSubstr("it must have 32"));
    }
    for (const std::size_t size : {std::size_t{0}, peer - 1, peer + 1, 17 * peer}) {
        FdtBuilder fdt;
        EXPECT_THAT(std::string(parse(fdt, own, size).error().view()), HasSubstr("it must have 1 to 16 keys of 65"));
    }
}

TEST(Manifest, HasDefaults) {
    FdtBuilder fdt;
    const auto m = manifest(fdt, [&] { debian(fdt); });
    ASSERT_TRUE(m) << m.error().view();
    EXPECT_FALSE(m->is_bundle());
    EXPECT_FALSE(m->file("vmlinux"));
    EXPECT_FALSE(m->machine().link_address);
    const PartitionDescription& p = m->partitions()[0];
    EXPECT_EQ(p.virtual_processors, 1u);
    EXPECT_FALSE(p.entitled_capacity);
    EXPECT_EQ(p.capacity_weight, 128);
    EXPECT_FALSE(p.capped);
    EXPECT_EQ(p.granule, kib(64));
    EXPECT_FALSE(p.large_pages);
    EXPECT_EQ(p.function_sets, papr::FunctionSets::all());
    EXPECT_EQ(p.initramfs, "");
    EXPECT_EQ(p.bootargs, "");
}

TEST(Manifest, ThePageTableIsAPowerOfTwo) {
    for (const auto& [number, log2] : {std::pair{1u, 20u}, {256u, 28u}, {1024u, 30u}}) {
        FdtBuilder fdt;
        const auto m = manifest(fdt, [&] {
            fdt.begin("debian").number("memory-mib", 64).text("kernel", "k").number("page-table-mib", number).end();
        });
        ASSERT_TRUE(m) << m.error().view();
        EXPECT_EQ(m->partitions()[0].log2_page_table, log2);
    }
    for (const unsigned number : {0u, 3u, 2048u}) {
        FdtBuilder fdt;
        const auto m = manifest(fdt, [&] {
            fdt.begin("debian").number("memory-mib", 64).text("kernel", "k").number("page-table-mib", number).end();
        });
        ASSERT_FALSE(m);
        EXPECT_EQ(m.error().view(),
                  fmt::format("partition debian: page-table-mib is {}: use a power of 2 from 1 to 1024", number));
    }
}

TEST(Manifest, ReadsAClaimToTheProcessors) {
    FdtBuilder fdt;
    const auto m = manifest(fdt, [&] {
        fdt.begin("debian").number("memory-mib", 64).text("kernel", "k").number("virtual-processors", 2);
        fdt.number("entitled-capacity", 150).number("capacity-weight", 0).flag("capped").end();
    });
    ASSERT_TRUE(m) << m.error().view();
    const PartitionDescription& p = m->partitions()[0];
    EXPECT_EQ(p.entitled_capacity, 150u);
    EXPECT_EQ(p.capacity_weight, 0);
    EXPECT_TRUE(p.capped);
    EXPECT_FALSE(p.dedicated_processors);
}

TEST(Manifest, DedicatedProcessorsAreAClaimToAllOfThem) {
    for (const bool donates : {false, true}) {
        FdtBuilder fdt;
        const auto m = manifest(fdt, [&] {
            fdt.begin("debian").number("memory-mib", 64).text("kernel", "k").number("virtual-processors", 2);
            fdt.flag("dedicated-processors");
            if (donates)
                fdt.flag("donate-idle");
            fdt.end();
        });
        ASSERT_TRUE(m) << m.error().view();
        const PartitionDescription& p = m->partitions()[0];
        EXPECT_TRUE(p.dedicated_processors);
        EXPECT_EQ(p.donates_idle, donates);
        EXPECT_EQ(p.entitled_capacity, 200u);
        EXPECT_EQ(p.capacity_weight, 0);
        EXPECT_TRUE(p.capped);
    }
}

TEST(Manifest, TakesFunctionSetsAway) {
    FdtBuilder fdt;
    const auto m = manifest(fdt, [&] {
        fdt.begin("debian").number("memory-mib", 64).text("kernel", "k");
        fdt.texts("without-function-sets", {"hcall-vasi", "hcall-pic"}).end();
    });
    ASSERT_TRUE(m) << m.error().view();
    EXPECT_EQ(m->partitions()[0].function_sets,
              papr::FunctionSets::all().without(papr::FunctionSet::vasi).without(papr::FunctionSet::pic));
}

TEST(Manifest, MayDescribeNoPartition) {
    FdtBuilder empty_node, no_node;
    const auto a = manifest(empty_node, [] {});
    ASSERT_TRUE(a) << a.error().view();
    EXPECT_TRUE(a->partitions().empty());
    const auto b = Manifest::parse(no_node.text("compatible", "transom,manifest-1").finish());
    ASSERT_TRUE(b) << b.error().view();
    EXPECT_TRUE(b->partitions().empty());
}

TEST(Manifest, AcceptsTheLimits) {
    for (const std::uint32_t memory : {16u, 65536u})
        EXPECT_EQ(partition_error([&](FdtBuilder& f) { f.number("memory-mib", memory).text("kernel", "k"); }), "");
    for (const std::uint32_t count : {1u, 8u})
        EXPECT_EQ(partition_error([&](FdtBuilder& f) {
                      f.number("memory-mib", 64).text("kernel", "k").number("virtual-processors", count);
                  }),
                  "");
    EXPECT_EQ(
        partition_error([](FdtBuilder& f) { f.number("memory-mib", 64).text("kernel", "k").text("bootargs", ""); }),
        "");
}

TEST(Manifest, NamesWhatIsWrongWithAPartition) {
    const auto error = [](auto body) {
        return partition_error([&](FdtBuilder& f) { body(f.number("memory-mib", 64).text("kernel", "k")); });
    };
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.number("memory-mib", 100).text("kernel", "k"); }),
              "partition debian: memory-mib is 100: use a multiple of 16 from 16 to 65536");
    for (const std::uint32_t memory : {0u, 8u, 65552u, 0xfffffff0u})
        EXPECT_THAT(partition_error([&](FdtBuilder& f) { f.number("memory-mib", memory).text("kernel", "k"); }),
                    HasSubstr("use a multiple of 16"))
            << memory;
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.text("kernel", "k"); }),
              "partition debian: memory-mib is missing: add memory-mib = <n>");
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.number("memory-mib", 64); }),
              "partition debian: kernel is missing: add kernel = \"path\"");
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.text("memory-mib", "64").text("kernel", "k"); }),
              "partition debian: memory-mib is not one number: write memory-mib = <n>");
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.number("memory-mib", 64).number("kernel", 1); }),
              "partition debian: kernel is no text: write kernel = \"...\"");
    EXPECT_EQ(partition_error([](FdtBuilder& f) { f.number("memory-mib", 64).text("kernel", std::string("a\0b", 3)); }),
              "partition debian: kernel has characters that cannot be printed, or is several texts: write one text in "
              "ASCII");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("virtual-processors", 0); }),
              "partition debian: virtual-processors is 0: use 1 to 8");
    EXPECT_THAT(error([](FdtBuilder& f) { f.number("virtual-processors", 9); }), HasSubstr("use 1 to 8"));
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("entitled-capacity", 4); }),
              "partition debian: entitled-capacity is 4: use 5 to 100, hundredths of a processor and at most 100 for "
              "each virtual processor");
    EXPECT_THAT(error([](FdtBuilder& f) { f.number("virtual-processors", 2).number("entitled-capacity", 201); }),
                HasSubstr("use 5 to 200"));
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("capacity-weight", 256); }),
              "partition debian: capacity-weight is 256: use 0 to 255");
    EXPECT_EQ(error([](FdtBuilder& f) { f.flag("capped"); }),
              "partition debian: capped says that entitled-capacity is never exceeded: add entitled-capacity = <n>");
    EXPECT_EQ(error([](FdtBuilder& f) { f.flag("donate-idle"); }),
              "partition debian: donate-idle says what becomes of dedicated processors: add dedicated-processors");
    EXPECT_EQ(error([](FdtBuilder& f) { f.flag("dedicated-processors").number("capacity-weight", 1); }),
              "partition debian: capacity-weight is the share of processors that are not dedicated: remove it, or "
              "dedicated-processors");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("granule-kib", 16); }),
              "partition debian: granule-kib is 16: use 4 or 64");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("large-pages", 1); }),
              "partition debian: large-pages takes no value: write large-pages;");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("memory-mb", 1); }),
              "partition debian: property memory-mb is not known: the properties are memory-mib, page-table-mib, "
              "virtual-processors, "
              "entitled-capacity, capacity-weight, capped, dedicated-processors, donate-idle, granule-kib, "
              "large-pages, terminals, pool-idle-count, "
              "without-function-sets, observe-calls, "
              "kernel, initramfs, bootargs");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("memory-mib", 32); }),
              "partition debian: property memory-mib is there twice: keep one");
    EXPECT_EQ(error([](FdtBuilder& f) { f.text("bootargs", std::string(2048, 'x')); }),
              "partition debian: bootargs has 2048 characters: use at most 2047");
    EXPECT_THAT(error([](FdtBuilder& f) { f.text("bootargs", "a\nb"); }), HasSubstr("cannot be printed"));
    EXPECT_THAT(error([](FdtBuilder& f) { f.text("initramfs", ""); }), HasSubstr("initramfs is no text"));
    EXPECT_EQ(error([](FdtBuilder& f) { f.text("without-function-sets", "hcall-tea"); }),
              "partition debian: without-function-sets names hcall-tea: the sets are those of docs/hcalls.md, such as "
              "hcall-pft");
    EXPECT_EQ(error([](FdtBuilder& f) {
                  f.texts("without-function-sets", {"hcall-vasi", "hcall-vasi"});
              }),
              "partition debian: without-function-sets names hcall-vasi twice: remove one");
    EXPECT_THAT(error([](FdtBuilder& f) { f.number("without-function-sets", 1); }), HasSubstr("is no list of texts"));
    EXPECT_THAT(error([](FdtBuilder& f) { f.flag("without-function-sets"); }), HasSubstr("is no list of texts"));
    EXPECT_THAT(error([](FdtBuilder& f) { f.begin("disk").end(); }), HasSubstr("node disk is not known"));
}

TEST(Manifest, NamesWhatIsWrongWithANameOrANode) {
    const auto named = [](const std::string& name) {
        FdtBuilder fdt;
        const auto m = manifest(fdt, [&] { debian(fdt, name); });
        return m ? "" : std::string(m.error().view());
    };
    EXPECT_EQ(named("a-name_with.all.31.characters00"), "");
    for (const auto* bad : {"a-name_with.all.31.characters001", "9a", "de bian", "debian@0", "de\nbian"})
        EXPECT_THAT(named(bad), AllOf(HasSubstr("this is no name"), testing::Not(HasSubstr("\n")))) << bad;

    FdtBuilder twins;
    const auto twice = manifest(twins, [&] {
        debian(twins);
        debian(twins);
    });
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().view(), "partition debian: there are two nodes of this name: rename one");

    FdtBuilder many;
    const auto crowd = manifest(many, [&] {
        for (std::size_t i = 0; i <= max_described_partitions; ++i)
            debian(many, "p" + std::to_string(i));
    });
    ASSERT_FALSE(crowd);
    EXPECT_EQ(crowd.error().view(), "partitions: there are more than 16: remove some");
}

TEST(Manifest, NamesWhatIsWrongAroundThePartitions) {
    const auto error = [](const std::function<void(FdtBuilder&)>& body) {
        FdtBuilder fdt;
        body(fdt);
        const auto m = Manifest::parse(fdt.finish());
        return m ? "" : std::string(m.error().view());
    };
    const std::string other =
        "manifest: the root's compatible is not \"transom,manifest-1\": this is no manifest, or one "
        "of another version";
    EXPECT_EQ(error([](FdtBuilder&) {}), other);
    EXPECT_EQ(error([](FdtBuilder& f) { f.text("compatible", "transom,manifest-2"); }), other);
    EXPECT_THAT(error([](FdtBuilder& f) { f.text("compatible", "transom,manifest-1").text("model", "x"); }),
                HasSubstr("property model is not known"));
    EXPECT_THAT(error([](FdtBuilder& f) { f.text("compatible", "transom,manifest-1").begin("partition").end(); }),
                HasSubstr("node partition is not known: the nodes are machine, partitions, files"));
    for (const auto* bad : {"10.77.0", "10.77.0.256", "10.77.0.1.", "10.77.0.1000", "a.b.c.d", "10..0.1"})
        EXPECT_THAT(error([&](FdtBuilder& f) {
                        f.text("compatible", "transom,manifest-1").begin("machine").text("link-address", bad).end();
                    }),
                    HasSubstr("machine: link-address is"))
            << bad;
    EXPECT_THAT(error([](FdtBuilder& f) {
                    f.text("compatible", "transom,manifest-1").begin("partitions").number("count", 1).end();
                }),
                HasSubstr("partitions: property count is not known: this node has none"));
    EXPECT_EQ(error([](FdtBuilder& f) {
                  f.text("compatible", "transom,manifest-1").begin("partitions");
                  debian(f);
                  f.end().begin("files").begin("file@0").text("path", "other").bytes("data", kernel_data).end().end();
              }),
              "partition debian: kernel vmlinux is not among the bundle's files: make the bundle again");
    EXPECT_EQ(error([](FdtBuilder& f) {
                  f.text("compatible", "transom,manifest-1").begin("files");
                  f.begin("file@0").text("path", "a").bytes("data", kernel_data).end();
                  f.begin("file@1").text("path", "a").bytes("data", kernel_data).end().end();
              }),
              "files: a is there twice: make the bundle again");
    EXPECT_EQ(
        error([](FdtBuilder& f) {
            f.text("compatible", "transom,manifest-1").begin("files").begin("file@0").text("path", "a").end().end();
        }),
        "files: file@0 has no path or no data: make the bundle again");
}

TEST(Manifest, RefusesWhatIsNoTree) {
    const std::vector<std::uint64_t> zeros(64);
    const auto none = Manifest::parse(std::as_bytes(std::span(zeros)));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().view(), "manifest: FDT_ERR_BADMAGIC: compile it with dtc, or make the bundle again");
    const auto nothing = Manifest::parse({});
    ASSERT_FALSE(nothing);
    EXPECT_THAT(nothing.error().view(), HasSubstr("too short"));
    FdtBuilder fdt;
    const auto blob = whole_bundle(fdt);
    const auto cut = Manifest::parse(blob.first(blob.size() - 1));
    ASSERT_FALSE(cut);
    EXPECT_THAT(cut.error().view(), HasSubstr("FDT_ERR_TRUNCATED"));
    std::vector<std::uint64_t> moved(blob.size() / 8 + 2);
    const auto odd = std::as_writable_bytes(std::span(moved)).subspan(4, blob.size());
    std::ranges::copy(blob, odd.begin());
    const auto unaligned = Manifest::parse(odd);
    ASSERT_FALSE(unaligned);
    EXPECT_THAT(unaligned.error().view(), HasSubstr("multiple of 8"));
}

TEST(Manifest, RefusesNamesThatTakeLongToRead) {
    const auto error = [](const std::string& name, int more = 0, unsigned version = 17) {
        FdtBuilder fdt;
        fdt.text("compatible", "transom,manifest-1").flag(name.c_str());
        for (int i = 0; i < more; ++i)
            fdt.flag(fmt::format("another-property-{}", i).c_str());
        const auto blob = fdt.finish();
        fdt_set_version(const_cast<std::byte*>(blob.data()), version);
        return std::string(Manifest::parse(blob).error().view());
    };
    EXPECT_THAT(error(std::string(31, 'x')), HasSubstr("is not known"));
    EXPECT_THAT(error(std::string(32, 'x')), HasSubstr("the name of a property has more than 31 characters"));
    EXPECT_THAT(error(std::string(100'000, 'x')), HasSubstr("have more than 4096 bytes"));
    EXPECT_THAT(error("x", 100), HasSubstr("is not known"));
    EXPECT_THAT(error("x", 300), HasSubstr("the names of its properties have more than 4096 bytes"));
    EXPECT_THAT(error("x", 0, 16), HasSubstr("a version before 17"));
}

/// Memory whose end is followed by a page that faults: libfdt is not instrumented, and so reads beyond the blob are
/// seen.
class GuardedBlob {
  public:
    explicit GuardedBlob(std::size_t capacity) {
        const auto page = static_cast<std::size_t>(getpagesize());
        mapped_ = (capacity / page + 2) * page;
        base_ =
            static_cast<std::byte*>(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        end_ = base_ + mapped_ - page;
        mprotect(end_, page, PROT_NONE);
    }
    ~GuardedBlob() { munmap(base_, mapped_); }
    GuardedBlob(const GuardedBlob&) = delete;

    /// The blob ends at the guard, as near as its alignment allows.
    std::span<std::byte> place(std::span<const std::byte> blob) {
        std::byte* to = end_ - (blob.size() + 7) / 8 * 8;
        std::ranges::copy(blob, to);
        return {to, blob.size()};
    }

  private:
    std::size_t mapped_ = 0;
    std::byte *base_ = nullptr, *end_ = nullptr;
};

TEST(ManifestFuzz, NeverCrashesOnADamagedBundle) {
    FdtBuilder fdt;
    const auto blob = whole_bundle(fdt);
    GuardedBlob guarded(blob.size());
    std::mt19937_64 random(20261122); // NOLINT: the same damage in every run
    int accepted = 0;
    for (int round = 0; round < 20000; ++round) {
        const auto copy = guarded.place(blob);
        // Damage bytes, cells of the header, or both; sometimes cut the end off.
        const int hits = static_cast<int>(random() % 4);
        for (int i = 0; i < hits; ++i)
            copy[random() % copy.size()] = static_cast<std::byte>(random());
        if (random() % 3 == 0)
            copy[random() % 40] = static_cast<std::byte>(random());
        const std::size_t size = random() % 4 == 0 ? random() % (copy.size() + 1) : copy.size();
        const auto placed = size == copy.size() ? copy : guarded.place(std::vector(copy.begin(), copy.begin() + size));
        const auto m = Manifest::parse(placed);
        if (!m) {
            EXPECT_FALSE(m.error().empty());
            continue;
        }
        ++accepted;
        for (const auto& p : m->partitions()) {
            EXPECT_LE(p.name.size(), max_partition_name);
            EXPECT_EQ(m->file(p.kernel).has_value(), m->is_bundle());
        }
    }
    EXPECT_GT(accepted, 0) << "some damage is harmless; if none is, the loop tests nothing";
}

} // namespace
} // namespace transom::tree
