// SPDX-License-Identifier: Apache-2.0
#include "manifest_fixture.hpp"
#include <fmt/format.h>

// What is wrong in a manifest, and that it is said.

namespace transom::tree {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("memory-nodes", 64); }),
              "partition debian: memory-nodes names node 64: use 0 to 63");
    EXPECT_EQ(error([](FdtBuilder& f) { f.flag("page-table-node"); }),
              "partition debian: page-table-node is no list of numbers, 1 at most: write page-table-node = <n>");
    EXPECT_EQ(error([](FdtBuilder& f) {
                  f.number("virtual-processors", 3).numbers("processor-nodes", {0, 1});
              }),
              "partition debian: processor-nodes has 2 numbers: use one for all virtual processors, or one for each of "
              "the 3");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("granule-kib", 16); }),
              "partition debian: granule-kib is 16: use 4 or 64");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("large-pages", 1); }),
              "partition debian: large-pages takes no value: write large-pages;");
    EXPECT_EQ(error([](FdtBuilder& f) { f.number("memory-mb", 1); }),
              "partition debian: property memory-mb is not known: the properties are memory-mib, page-table-mib, "
              "virtual-processors, "
              "entitled-capacity, capacity-weight, capped, dedicated-processors, donate-idle, granule-kib, "
              "large-pages, terminals, pool-idle-count, "
              "without-function-sets, observe-calls, memory-nodes, page-table-node, processor-nodes, keep-place, "
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

TEST(Manifest, RefusesWhatTakesLongToGoOver) {
    // What was taken out of a tree stays as so many gaps, which each look for something goes over.
    const auto with_gaps = [](std::uint32_t gaps) {
        FdtBuilder fdt;
        fdt.bytes("gap", std::vector<std::byte>(gaps * FDT_TAGSIZE));
        const auto blob = whole_bundle(fdt);
        const bool gone = fdt_nop_property(const_cast<std::byte*>(blob.data()), 0, "gap") == 0;
        EXPECT_TRUE(gone && fdt_check_full(blob.data(), blob.size()) == 0) << "a sound tree";
        const auto parsed = Manifest::parse(blob);
        return parsed ? "" : std::string(parsed.error().view());
    };
    EXPECT_EQ(with_gaps(900), "");
    EXPECT_THAT(with_gaps(10'000), HasSubstr("it has more nodes and properties than any manifest"));

    const auto with_node = [](std::size_t length) {
        return partition_error([&](FdtBuilder& f) { f.begin(std::string(length, 'x')).end(); });
    };
    EXPECT_THAT(with_node(63), HasSubstr("is not known"));
    EXPECT_THAT(with_node(64), HasSubstr("the name of a node has more than 63 characters"));

    const auto with_reserved = [](std::uint64_t pieces) {
        FdtBuilder fdt;
        std::vector<std::byte> blob(kib(64));
        const auto whole = whole_bundle(fdt);
        EXPECT_EQ(fdt_open_into(whole.data(), blob.data(), static_cast<int>(blob.size())), 0);
        for (std::uint64_t n = 0; n < pieces; ++n)
            EXPECT_EQ(fdt_add_mem_rsv(blob.data(), n, 1), 0);
        const auto parsed = Manifest::parse(blob);
        return parsed ? "" : std::string(parsed.error().view());
    };
    EXPECT_EQ(with_reserved(16), "");
    EXPECT_THAT(with_reserved(17), HasSubstr("it reserves more than 16 pieces of memory"));
}

} // namespace
} // namespace transom::tree
