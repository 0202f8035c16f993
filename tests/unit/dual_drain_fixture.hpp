// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dual_fixture.hpp>

namespace transom::dual {

class DualDrain : public testing::TestWithParam<hpt::Format> {
  protected:
    /// `n` pages with twins; those with an even number have been stored to.
    void fill(unsigned n) {
        for (unsigned i = 0; i < n; ++i)
            slots.push_back(s.enter(Page{7, i}));
        s.to_dual();
        for (unsigned i = 0; i < n; ++i)
            ASSERT_EQ(i % 2 == 0 ? s.store(i % 2, Page{7, i}) : s.load(i % 2, Page{7, i}), 0u);
        ASSERT_EQ(s.twins(), n);
        ASSERT_EQ(s.engine.live(), n);
    }
    void expect_usage() {
        for (unsigned i = 0; i < slots.size(); ++i)
            EXPECT_EQ(s.usage(slots[i]), i % 2 == 0 ? papr::d1::usage : papr::d1::referenced) << i;
    }

    DualScene s{{.format = GetParam()}};
    std::vector<papr::Ptex> slots;
};

} // namespace transom::dual
