// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dual_fixture.hpp>

namespace transom::dual {

class DualFill : public testing::TestWithParam<hpt::Format> {
  protected:
    DualScene s{{.format = GetParam()}};
    const Page page{3, 5};
};

} // namespace transom::dual
