// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fdt_builder.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <transom/tree/manifest.hpp>

namespace transom::tree {

inline const std::vector<std::byte> kernel_data(100, std::byte{1});
inline const std::vector<std::byte> initramfs_data(33, std::byte{2});

inline void debian(FdtBuilder& fdt, const std::string& name = "debian") {
    fdt.begin(name).number("memory-mib", 256).text("kernel", "vmlinux").end();
}

/// A manifest whose `partitions` node is filled by `body`.
inline std::expected<Manifest, ManifestError> manifest(FdtBuilder& fdt, const std::function<void()>& body) {
    fdt.text("compatible", "transom,manifest-1").begin("partitions");
    body();
    return Manifest::parse(fdt.end().finish());
}

/// The line for a manifest of one partition `debian` whose properties are `body`'s; "" where it was accepted.
inline std::string partition_error(const std::function<void(FdtBuilder&)>& body) {
    FdtBuilder fdt;
    const auto result = manifest(fdt, [&] {
        fdt.begin("debian");
        body(fdt);
        fdt.end();
    });
    return result ? "" : std::string(result.error().view());
}

inline std::span<const std::byte> whole_bundle(FdtBuilder& fdt) {
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

} // namespace transom::tree
