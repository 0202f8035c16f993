// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "elf_check.hpp"
#include "failure.hpp"
#include "machine_arguments.hpp"
#include "manifest_source.hpp"
#include "paths.hpp"
#include "temporary_directory.hpp"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <gmock/gmock.h>
#include <transom/tree/manifest.hpp>

namespace transom::tool {
namespace {

using testing::ContainerEq;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

std::string elf_header(unsigned char elf_class, unsigned machine) {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = static_cast<Elf64_Half>(machine);
    header.e_type = ET_EXEC;
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

class ToolBundle : public testing::Test {
  protected:
    ToolBundle() {
        write("vmlinux", elf_header(ELFCLASS64, EM_PPC64) + "code");
        write("initramfs.gz", "files");
    }

    void write(const std::string& name, const std::string& contents) {
        std::ofstream(directory_.path() / name, std::ios::binary) << contents;
    }
    std::filesystem::path manifest(const std::string& partitions) {
        write("test.dts",
              "/dts-v1/;\n/ { compatible = \"transom,manifest-1\";\npartitions {\n" + partitions + "\n}; };\n");
        return directory_.path() / "test.dts";
    }
    std::vector<std::byte> build(const std::string& partitions) {
        return build_bundle(read_manifest(manifest(partitions)), identity_of(2));
    }

    TemporaryDirectory directory_;
};

constexpr const char* one_partition =
    "debian { memory-mib = <256>; kernel = \"vmlinux\"; initramfs = \"initramfs.gz\"; bootargs = \"console=hvc0\"; };";

TEST_F(ToolBundle, TakesAnotherNumberOfVirtualProcessors) {
    const std::string two =
        std::string(one_partition) + "other { memory-mib = <16>; kernel = \"vmlinux\"; virtual-processors = <2>; };";
    const auto bundle = build_bundle(with_virtual_processors(read_manifest(manifest(two)), 5), identity_of(1));
    const auto parsed = tree::Manifest::parse(bundle);
    ASSERT_TRUE(parsed) << parsed.error().view();
    ASSERT_EQ(parsed->partitions().size(), 2u);
    EXPECT_EQ(parsed->partitions()[0].virtual_processors, 5u);
    EXPECT_EQ(parsed->partitions()[0].bootargs, "console=hvc0");
    EXPECT_EQ(parsed->partitions()[1].virtual_processors, 5u);
}

TEST_F(ToolBundle, HoldsTheFilesAndSaysWhichMachineItIsFor) {
    const auto bundle = build(one_partition);
    const auto parsed = tree::Manifest::parse(bundle);
    ASSERT_TRUE(parsed) << parsed.error().view();
    EXPECT_TRUE(parsed->is_bundle());
    EXPECT_EQ(parsed->machine().label, "B");
    EXPECT_EQ(parsed->machine().link_address, (tree::Ipv4{10, 77, 0, 2}));
    ASSERT_EQ(parsed->partitions().size(), 1u);
    const auto initramfs = parsed->file("initramfs.gz");
    ASSERT_TRUE(initramfs);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(initramfs->data()), initramfs->size()), "files");
}

TEST_F(ToolBundle, HoldsAFileOfTwoPartitionsOnce) {
    const auto bundle =
        build("a { memory-mib = <16>; kernel = \"vmlinux\"; }; b { memory-mib = <16>; kernel = \"vmlinux\"; };");
    const std::string_view text(reinterpret_cast<const char*>(bundle.data()), bundle.size());
    EXPECT_NE(text.find("file@0"), text.npos);
    EXPECT_EQ(text.find("file@1"), text.npos);
}

TEST_F(ToolBundle, MayNotAskForMoreMemoryThanTheMachineHas) {
    const auto file = read_manifest(manifest("a { memory-mib = <1024>; kernel = \"vmlinux\"; };"
                                             "b { memory-mib = <1040>; kernel = \"vmlinux\"; };"));
    EXPECT_NO_THROW(check_memory(file, 2064));
    EXPECT_THAT(
        [&] { check_memory(file, 2048); },
        testing::ThrowsMessage<Failure>(HasSubstr("its partitions have 2064 MiB together and the machine has 2048")));
}

TEST_F(ToolBundle, OfAWaitingMachineHasNoPartitions) {
    const auto bundle = build_empty_bundle(identity_of(1));
    const auto parsed = tree::Manifest::parse(bundle);
    ASSERT_TRUE(parsed) << parsed.error().view();
    EXPECT_EQ(parsed->machine().label, "A");
    EXPECT_TRUE(parsed->partitions().empty());
}

TEST_F(ToolBundle, NamesWhatIsWrongInOneLine) {
    const auto message = [&](const std::string& partitions) -> std::string {
        try {
            build(partitions);
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "accepted";
    };
    EXPECT_THAT(message("a { memory-mib = <16>; kernel = \"absent\"; };"),
                HasSubstr("absent: No such file or directory"));
    write("text", "#!/bin/sh");
    EXPECT_THAT(message("a { memory-mib = <16>; kernel = \"text\"; };"), HasSubstr("text is no ELF file"));
    EXPECT_THAT(message("a { memory-mib = <17>; kernel = \"vmlinux\"; };"), HasSubstr("memory-mib"));
    EXPECT_THAT(message("a { memory-mib = <16> kernel };"), HasSubstr("test.dts:4: syntax error"));
    write("huge", "");
    std::filesystem::resize_file(directory_.path() / "huge", max_bundle);
    EXPECT_THAT(message("a { memory-mib = <16>; kernel = \"vmlinux\"; initramfs = \"huge\"; };"), HasSubstr("128 MiB"));
    for (const char* partitions : {"a { memory-mib = <16>; kernel = \"absent\"; };", "a { memory-mib = <16> };"})
        EXPECT_THAT(message(partitions), Not(HasSubstr("\n")));
}

TEST(ToolDtcError, IsOneLineWithFileAndLine) {
    EXPECT_EQ(dtc_error("Error: a/b.dts:5.3-4 syntax error\nFATAL ERROR: Unable to parse input tree\n"),
              "a/b.dts:5: syntax error");
    EXPECT_EQ(dtc_error("x\nFATAL ERROR: Couldn't open \"f\": No such file\n"), "Couldn't open \"f\": No such file");
}

TEST(ToolElf, TakesPpc64OfBothEndiansOnly) {
    const auto problem = [](const std::string& file) { return kernel_problem(std::as_bytes(std::span(file))); };
    EXPECT_EQ(problem(elf_header(ELFCLASS64, EM_PPC64)), "");
    std::string big = elf_header(ELFCLASS64, EM_PPC64);
    big[EI_DATA] = ELFDATA2MSB;
    std::swap(big[offsetof(Elf64_Ehdr, e_machine)], big[offsetof(Elf64_Ehdr, e_machine) + 1]);
    std::swap(big[offsetof(Elf64_Ehdr, e_type)], big[offsetof(Elf64_Ehdr, e_type) + 1]);
    EXPECT_EQ(problem(big), "");
    EXPECT_THAT(problem(elf_header(ELFCLASS64, EM_X86_64)), HasSubstr("machine 62"));
    EXPECT_THAT(problem(elf_header(ELFCLASS32, EM_PPC)), HasSubstr("32-bit"));
    EXPECT_THAT(problem("short"), HasSubstr("no ELF"));
}

TEST(ToolPaths, ReplacesItsTwoVariables) {
    setenv("TRANSOM_CACHE", "/cache", 1);
    EXPECT_EQ(resolve("${TRANSOM_CACHE}/linux/vmlinux", "/folder"), "/cache/linux/vmlinux");
    EXPECT_EQ(resolve("vmlinux", "/folder"), "/folder/vmlinux");
    EXPECT_EQ(resolve("/else/vmlinux", "/folder"), "/else/vmlinux");
    unsetenv("TRANSOM_CACHE");
}

TEST(ToolMachine, HasItsTwoCardsInTheirOrder) {
    MachineSetup setup;
    setup.number = 2;
    setup.image = "transom.elf";
    setup.bundle = "bundle";
    setup.link = LinkSocket{"/tmp/link", true};
    setup.management_port = 1234;
    const auto arguments = qemu_arguments(setup);
    EXPECT_THAT(arguments, Contains("powernv9"));
    EXPECT_THAT(arguments, Contains("stream,id=link,server=on,addr.type=unix,addr.path=/tmp/link"));
    EXPECT_THAT(arguments, Contains("user,id=mgmt,hostfwd=tcp:127.0.0.1:1234-:7700"));
    EXPECT_THAT(arguments,
                Contains("virtio-net-pci,bus=rp0,netdev=link,mac=52:54:00:77:00:02,disable-legacy=on,romfile="));
    EXPECT_THAT(arguments,
                Contains("virtio-net-pci,bus=rp1,netdev=mgmt,mac=52:54:00:78:00:02,disable-legacy=on,romfile="));
    EXPECT_THAT(arguments, Contains("ipmi-bmc-sim,id=bmc0"));
    setup.kind = MachineKind::pseries;
    setup.image = "/build/transom.bin";
    EXPECT_THAT(qemu_arguments(setup),
                IsSupersetOf({"-bios", "/build/transom.bin", "-kernel", "/build/transom.elf", "-initrd", "bundle"}))
        << "QEMU takes -initrd behind a -kernel only";
}

TEST(ToolMachine, ChecksNamesAndMemory) {
    EXPECT_EQ(parse_machine("powernv10"), MachineKind::powernv10);
    EXPECT_THAT([] { parse_machine("vax"); }, testing::ThrowsMessage<Failure>(HasSubstr("there are powernv8")));
    EXPECT_EQ(parse_partition_machine("powernv8", "migrate", ""), MachineKind::powernv8);
    EXPECT_THAT([] { parse_partition_machine("vax", "migrate", ""); },
                testing::ThrowsMessage<Failure>(HasSubstr("(there are powernv8, powernv9, powernv10)")));
    EXPECT_THAT([] { parse_partition_machine("pseries", "migrate", "nothing moves"); },
                testing::ThrowsMessage<Failure>(
                    "migrate --machine pseries: nothing moves (there are powernv8, powernv9, powernv10)"));
    EXPECT_EQ(parse_memory("2G", MachineKind::powernv9), 2048u);
    EXPECT_EQ(parse_memory("1536M", MachineKind::powernv9), 1536u);
    EXPECT_EQ(parse_memory("1024", MachineKind::powernv9), 1024u);
    for (const char* text : {"", "G", "2T", "2G ", "-1G", "512M", "99999999999999999999"})
        EXPECT_THROW(parse_memory(text, MachineKind::powernv9), Failure) << text;
}

} // namespace
} // namespace transom::tool
