// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <libfdt.h>
#include <string_view>
#include <transom/base/bits.hpp>
#include <transom/partition/cpu_characteristics.hpp>

namespace transom::partition {

namespace {

struct Feature {
    const char* name; // of its node in the tree
    unsigned bit;     // of the call's answer
};

// The bits as Linux and QEMU number them: the call is not in LoPAR.
constexpr std::array help{
    Feature{"inst-spec-barrier-ori31,31,0", 0},
    Feature{"fw-bcctrl-serialized", 1},
    Feature{"inst-l1d-flush-ori30,30,0", 2},
    Feature{"inst-l1d-flush-trig2", 3},
    Feature{"fw-l1d-thread-split", 4},
    Feature{"fw-count-cache-disabled", 7},
    Feature{"fw-count-cache-flush-bcctr2,0,0", 9},
};
constexpr std::array needed_unless_disabled{
    Feature{"speculation-policy-favor-security", 0},
    Feature{"needs-l1d-flush-msr-pr-0-to-1", 1},
    Feature{"needs-spec-barrier-for-bound-checks", 2},
};
constexpr std::array needed_if_enabled{
    Feature{"needs-count-cache-flush-on-context-switch", 5},
};

class Features {
  public:
    explicit Features(const void* fdt) : fdt_(fdt), node_(fdt_path_offset(fdt, "/ibm,opal/fw-features")) {}

    bool is(const char* state, const char* name) const {
        if (node_ < 0)
            return false;
        const int node = fdt_subnode_offset(fdt_, node_, name);
        return node >= 0 && fdt_getprop(fdt_, node, state, nullptr) != nullptr;
    }

  private:
    const void* fdt_;
    int node_;
};

} // namespace

CpuCharacteristics read_cpu_characteristics(const void* fdt) {
    const Features features(fdt);
    CpuCharacteristics answer{.character = 0, .behaviour = 0};
    for (const Feature& f : help)
        if (features.is("enabled", f.name))
            answer.character |= ibm_bit(f.bit);
    for (const Feature& f : needed_unless_disabled)
        if (!features.is("disabled", f.name))
            answer.behaviour |= ibm_bit(f.bit);
    for (const Feature& f : needed_if_enabled)
        if (features.is("enabled", f.name))
            answer.behaviour |= ibm_bit(f.bit);
    return answer;
}

bool asks_for_flush_at_entry(const void* fdt) { return Features(fdt).is("enabled", "needs-l1d-flush-msr-hv-1-to-0"); }

} // namespace transom::partition
