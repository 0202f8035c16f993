// SPDX-License-Identifier: Apache-2.0
#include "kvm_peer.hpp"

#include "bundle.hpp"
#include "cpio.hpp"
#include "failure.hpp"
#include "paths.hpp"

namespace transom::tool {
namespace {

constexpr std::string_view modules[] = {"kvm.ko", "kvm-hv.ko"}; // in the order in which init loads them

void check_there(const std::filesystem::path& file, std::string_view remedy) {
    if (!std::filesystem::is_regular_file(file))
        fail("--peer kvm: there is no {}: {}", file.string(), remedy);
}

} // namespace

KvmPeer find_kvm_peer(MachineKind kind, const std::string& counting_qemu) {
    if (counting_qemu.empty())
        fail("--peer kvm: instructions can be counted with QEMU 10 or newer only: run tools/setup --qemu10");
    const auto linux_files = cache_directory() / "linux", guests = power_build_directory() / "tests/guests";
    KvmPeer peer{.kind = kind,
                 .qemu = counting_qemu,
                 .kernel = linux_files / "vmlinux",
                 .modules = linux_files / "modules",
                 .program = guests / "kvm_peer/init",
                 .image = guests / "bench.bin",
                 .tree = guests / "kvm_peer/tree.dtb"};
    check_there(peer.kernel, "run tools/setup --qemu10");
    for (const auto module : modules)
        check_there(peer.modules / module, "run tools/setup --qemu10");
    for (const auto& built : {peer.program, peer.image, peer.tree})
        check_there(built, "build it with 'cmake --preset power && cmake --build --preset power'");
    return peer;
}

std::vector<std::byte> kvm_peer_archive(const KvmPeer& peer) {
    CpioArchive archive;
    const auto add = [&archive](std::string_view name, const std::filesystem::path& from, bool executable = false) {
        archive.add_file(name, read_contents(from, "--peer kvm"), executable);
    };
    archive.add_directory("dev");
    add("init", peer.program, true);
    for (const auto module : modules)
        add(module, peer.modules / module);
    add("bench.bin", peer.image);
    add("tree.dtb", peer.tree);
    return archive.finish();
}

std::vector<std::string> kvm_peer_arguments(const KvmPeer& peer, const std::filesystem::path& archive) {
    MachineSetup setup;
    setup.kind = peer.kind;
    setup.qemu = peer.qemu;
    setup.image = peer.kernel;
    setup.bundle = archive;
    auto arguments = qemu_arguments(setup);
    // A panic ends the run at once.
    arguments.insert(arguments.end(), {"-append", "console=hvc0 quiet panic=-1", "-no-reboot"});
    return arguments;
}

} // namespace transom::tool
