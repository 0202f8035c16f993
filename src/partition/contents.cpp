// SPDX-License-Identifier: Apache-2.0
#include <transom/partition/contents.hpp>
#include <transom/partition/kernel_image.hpp>

namespace transom::partition {

namespace {

constexpr std::uint64_t to_mib(Bytes n) { return n >> 20; }

/// The file of that name, or the line that says it is not there.
std::expected<std::span<const std::byte>, CreateError> find_file(const tree::Manifest& bundle,
                                                                 std::string_view partition, std::string_view what,
                                                                 std::string_view path) {
    if (const auto file = bundle.file(path))
        return *file;
    return std::unexpected(CreateError::formatted(CreateFault::malformed,
                                                  "partition {}: {} {} is not with the manifest: start the machine "
                                                  "from a bundle, as transom run makes it",
                                                  partition, what, path));
}

CreateFault fault_of(KernelError error) {
    return error == KernelError::does_not_fit || error == KernelError::overlapping ? CreateFault::does_not_fit
                                                                                   : CreateFault::bad_kernel;
}

} // namespace

std::expected<Contents, CreateError> check_contents(const tree::PartitionDescription& d, const tree::Manifest& bundle) {
    Contents contents;
    const auto image = find_file(bundle, d.name, "kernel", d.kernel);
    if (!image)
        return std::unexpected(image.error());
    contents.kernel = *image;
    if (!d.initramfs.empty()) {
        const auto file = find_file(bundle, d.name, "initramfs", d.initramfs);
        if (!file)
            return std::unexpected(file.error());
        contents.initramfs = *file;
    }
    const auto kernel = check_kernel(contents.kernel, d.memory);
    if (!kernel)
        return std::unexpected(CreateError::formatted(fault_of(kernel.error()), "partition {}: kernel {} {}", d.name,
                                                      d.kernel, describe(kernel.error())));
    contents.entry = kernel->entry;
    const auto layout = lay_out(d.memory, kernel->extent, contents.initramfs.size());
    if (!layout)
        return std::unexpected(CreateError::formatted(
            CreateFault::does_not_fit, "partition {}: {} not fit into {} MiB: raise memory-mib", d.name,
            layout.error() == LayoutError::initramfs_too_large ? "the initramfs does" : "kernel and initramfs do",
            to_mib(d.memory)));
    contents.layout = *layout;
    return contents;
}

} // namespace transom::partition
