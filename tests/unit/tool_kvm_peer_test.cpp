// SPDX-License-Identifier: Apache-2.0
#include "cpio.hpp"
#include "failure.hpp"
#include "kvm_peer.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string text(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ToolCpio, WritesHeadersNamesAndContents) {
    CpioArchive archive;
    archive.add_directory("dev");
    archive.add_file("init", std::as_bytes(std::span(std::string_view("hello"))), true);
    const std::string all = text(archive.finish());
    EXPECT_EQ(all.size() % 4, 0u);
    // inode, mode 040755, user, group, 2 links, time, size; four of devices, bytes of the name, checksum
    EXPECT_EQ(all.substr(0, 116), std::string("070701"
                                              "00000001"
                                              "000041ed"
                                              "00000000"
                                              "00000000"
                                              "00000002"
                                              "00000000"
                                              "00000000"
                                              "00000000"
                                              "00000000"
                                              "00000000"
                                              "00000000"
                                              "00000004"
                                              "00000000"
                                              "dev\0\0\0",
                                              116));
    const auto second = all.substr(116);
    EXPECT_EQ(second.substr(0, 62), "070701"
                                    "00000002"
                                    "000081ed"
                                    "00000000"
                                    "00000000"
                                    "00000001"
                                    "00000000"
                                    "00000005");
    EXPECT_EQ(second.substr(94, 8), "00000005"); // "init" and its zero
    EXPECT_EQ(second.substr(110, 18), std::string("init\0\0hello\0\0\0"
                                                  "0707",
                                                  18));
    EXPECT_THAT(second, HasSubstr("TRAILER!!!"));
}

TEST(ToolKvmPeer, SaysWhatIsMissing) {
    EXPECT_THAT([] { find_kvm_peer(MachineKind::powernv9, ""); },
                ThrowsMessage<Failure>(HasSubstr("tools/setup --qemu10")));
    setenv("TRANSOM_CACHE", "/nowhere", 1);
    EXPECT_THAT([] { find_kvm_peer(MachineKind::powernv9, "qemu"); },
                ThrowsMessage<Failure>(HasSubstr("there is no /nowhere/linux/vmlinux: run tools/setup")));
    unsetenv("TRANSOM_CACHE");
}

TEST(ToolKvmPeer, StartsTheMachineThatTransomHas) {
    KvmPeer peer;
    peer.kind = MachineKind::powernv8;
    peer.qemu = "qemu10";
    peer.kernel = "/k/vmlinux";
    const auto arguments = kvm_peer_arguments(peer, "/k/archive");
    EXPECT_EQ(arguments.front(), "qemu10");
    for (const std::string wanted : {"powernv8", "2048M", "/k/vmlinux", "/k/archive", "-no-reboot"})
        EXPECT_THAT(arguments, Contains(wanted));
}

} // namespace
} // namespace transom::tool
