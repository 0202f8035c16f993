// SPDX-License-Identifier: Apache-2.0
#include "manifest_fixture.hpp"
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace transom::tree {
namespace {

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
