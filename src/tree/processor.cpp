// SPDX-License-Identifier: Apache-2.0
#include <transom/base/panic.hpp>
#include <transom/tree/processor.hpp>

namespace transom::tree {

namespace {

constexpr FamilyTraits power8{"PowerPC,POWER8", 32 << 10, 64 << 10, 128};
constexpr FamilyTraits power9{"PowerPC,POWER9", 32 << 10, 32 << 10, 128};
constexpr FamilyTraits power10{"PowerPC,POWER10", 48 << 10, 32 << 10, 128};

struct Feature {
    std::uint8_t byte; // of the attribute, counted without the descriptor's own two
    std::uint8_t bits;
};

// LoPAR, "ibm,pa-features", descriptor type 0.
constexpr std::array isa_2_07_features = {
    Feature{0, 0xf6}, // MMU, FPU, SLB, RUN, data breakpoint, no-execute
    Feature{1,
            0x3f}, // cache-inhibited 64 KiB pages, floating-point rounding, SPRG3 for applications, ISA 2.01 and 2.02
    Feature{2, 0xc7},  // virtualized page classes, PPR, data streams of ISA 2.05, 2.02, 2.06
    Feature{3, 0xc0},  // doorbells and unaligned accesses in little-endian, DSCR in problem state
    Feature{5, 0xf0},  // little-endian, come-from register, event-based branches, load and store quadword
    Feature{6, 0x80},  // data streams of ISA 2.07
    Feature{16, 0x80}, // vector
    Feature{18, 0x80}, // vector-scalar
    Feature{20, 0x80}, // vector exclusive-or and its kin
};
constexpr std::array isa_3_0_features = {
    Feature{26, 0x80}, // 64-bit addressing
    Feature{28, 0x80}, // performance monitor
    Feature{32, 0x80}, // atomic accesses in little-endian
    Feature{34, 0xc0}, // event-based branches, external ones too
    Feature{42, 0x80}, // performance monitor of ISA 3.0
    Feature{44, 0x80}, // addpcis
    Feature{46, 0x80}, // scv
    Feature{48, 0x80}, // vector instructions of ISA 3.0
    Feature{50, 0x80}, // quad-precision
    Feature{52, 0x80}, // string instructions on vectors
    Feature{54, 0x80}, // decimal floating point
    Feature{56, 0x80}, // decimal integer
    Feature{58, 0x80}, // SHA
    Feature{60, 0x80}, // atomic memory operations near memory
    Feature{62, 0x80}, // darn
};

constexpr std::array second_watchpoint_feature = {Feature{64, 0x80}};

template <std::size_t length> class Descriptor {
  public:
    template <std::size_t n> constexpr Descriptor& add(const std::array<Feature, n>& features) {
        for (const Feature& f : features)
            bytes_.at(f.byte + 2u) = std::byte{f.bits};
        return *this;
    }
    constexpr std::array<std::byte, length + 2> bytes() const { return bytes_; }

  private:
    std::array<std::byte, length + 2> bytes_{std::byte{length}, std::byte{0}};
};

// An operating system takes a feature whose byte is beyond the end as it finds it: so each descriptor is long enough to
// say that what the chip has is not there (byte 22 transactional memory, 40 radix, and 64 the second watchpoint where there is none).
constexpr auto power8_features = Descriptor<24>().add(isa_2_07_features).bytes();
constexpr auto power9_features = Descriptor<66>().add(isa_2_07_features).add(isa_3_0_features).bytes();
constexpr auto two_watchpoints_features =
    Descriptor<66>().add(isa_2_07_features).add(isa_3_0_features).add(second_watchpoint_feature).bytes();

} // namespace

const FamilyTraits& traits(ProcessorFamily family) {
    switch (family) {
    case ProcessorFamily::power8:
        return power8;
    case ProcessorFamily::power9:
        return power9;
    case ProcessorFamily::power10:
        return power10;
    }
    panic("no such processor family");
}

std::span<const std::byte> pa_features(const Processor& processor) {
    if (processor.family == ProcessorFamily::power8)
        return power8_features;
    return processor.second_watchpoint ? std::span<const std::byte>(two_watchpoints_features) : power9_features;
}

} // namespace transom::tree
