// SPDX-License-Identifier: Apache-2.0
// What `transom` says about a command line that it does not understand.
#include "usage_error.hpp"

#include <gtest/gtest.h>

namespace transom::tool {
namespace {

TEST(ToolUsage, NamesTheMisspeltOptionAndNotItsValue) {
    EXPECT_EQ(describe_unexpected("run", {"--manifst", "x.dts"}, false),
              "there is no option --manifst of run (transom run --help says more)");
    EXPECT_EQ(describe_unexpected("run", {"x.dts", "--manifst=y.dts"}, false),
              "there is no option --manifst of run (transom run --help says more)");
    EXPECT_EQ(describe_unexpected("bench hcall", {"-x"}, false),
              "there is no option -x of bench hcall (transom bench hcall --help says more)");
    EXPECT_EQ(describe_unexpected("", {"--manifest", "run"}, true),
              "there is no option --manifest (transom --help says more)");
}

TEST(ToolUsage, NamesACommandThatThereIsNot) {
    EXPECT_EQ(describe_unexpected("", {"frob"}, true), "there is no command 'frob' (transom --help says more)");
    EXPECT_EQ(describe_unexpected("bench", {"frob"}, true),
              "there is no command 'frob' of bench (transom bench --help says more)");
}

TEST(ToolUsage, NamesAWordTooMany) {
    EXPECT_EQ(describe_unexpected("run", {"x.dts", "y.dts"}, false),
              "'x.dts' is one word too many for run (transom run --help says more)");
    EXPECT_EQ(describe_unexpected("run", {"--", "--odd"}, false),
              "'--odd' is one word too many for run (transom run --help says more)");
    EXPECT_EQ(describe_unexpected("run", {"-"}, false),
              "'-' is one word too many for run (transom run --help says more)");
}

} // namespace
} // namespace transom::tool
