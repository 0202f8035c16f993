// SPDX-License-Identifier: Apache-2.0
#include "manifest_fixture.hpp"
#include <fmt/format.h>

namespace transom::tree {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

TEST(Manifest, ReadsWhereAPartitionIsToBe) {
    FdtBuilder fdt;
    const auto m = manifest(fdt, [&] {
        fdt.begin("debian").number("memory-mib", 64).text("kernel", "k").number("virtual-processors", 2);
        fdt.numbers("memory-nodes", {1, 0})
            .number("page-table-node", 3)
            .numbers("processor-nodes", {0, 2})
            .flag("keep-place")
            .end();
        fdt.begin("anywhere").number("memory-mib", 64).text("kernel", "k").end();
    });
    ASSERT_TRUE(m) << m.error().view();
    const auto is = [](const NodeList& list, std::initializer_list<std::uint32_t> nodes) {
        return std::ranges::equal(list.span(), nodes);
    };
    const PartitionDescription& p = m->partitions()[0];
    EXPECT_TRUE(is(p.memory_nodes, {1, 0}));
    EXPECT_TRUE(is(p.page_table_node, {3}));
    EXPECT_TRUE(is(p.processor_nodes, {0, 2}));
    EXPECT_TRUE(p.keeps_place);
    const PartitionDescription& anywhere = m->partitions()[1];
    EXPECT_TRUE(anywhere.memory_nodes.empty() && anywhere.page_table_node.empty() && anywhere.processor_nodes.empty());
    EXPECT_FALSE(anywhere.keeps_place);
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

} // namespace
} // namespace transom::tree
