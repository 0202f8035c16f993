// SPDX-License-Identifier: Apache-2.0
#include "json_file.hpp"
#include "temporary_directory.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace transom::tool {
namespace {

nlohmann::json contents(const std::filesystem::path& path) {
    std::ifstream in(path);
    return nlohmann::json::parse(in);
}

TEST(ToolJsonFile, SaysWhyTheCommandEnded) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "report";
    {
        const JsonFile file(path);
        EXPECT_EQ(contents(path)["error"], "the command did not get to its end");
    }
    JsonFile::fail("no partition could be started");
    EXPECT_EQ(contents(path)["result"], "failed");
    EXPECT_EQ(contents(path)["error"], "no partition could be started");
}

TEST(ToolJsonFile, SaysWhatWasDoneShouldTheCommandBeKilled) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "report";
    const JsonFile file(path);
    file.write_until_then({{"result", "failed"}, {"moves", {1, 2}}});
    EXPECT_EQ(contents(path)["moves"].size(), 2u);
    file.write({{"result", "ok"}});
    EXPECT_EQ(contents(path)["result"], "ok");
}

TEST(ToolJsonFile, AReportThatWasWrittenStays) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "report";
    JsonFile(path).write({{"result", "ok"}});
    JsonFile::fail("afterwards");
    EXPECT_EQ(contents(path)["result"], "ok");
}

} // namespace
} // namespace transom::tool
