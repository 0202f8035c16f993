// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "kept_operator.hpp"
#include "temporary_directory.hpp"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace transom::tool {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class KeptOperatorTest : public testing::Test {
  protected:
    KeptOperatorTest() { setenv("XDG_RUNTIME_DIR", directory.path().c_str(), 1); }
    ~KeptOperatorTest() override { unsetenv("XDG_RUNTIME_DIR"); }
    static OperatorKeys fresh() {
        MachineKeys machine{fresh_private_key(), {}, {}};
        return fresh_operator(machine);
    }
    static mode_t mode(const std::filesystem::path& file) {
        struct stat status = {};
        EXPECT_EQ(stat(file.c_str(), &status), 0) << file;
        return status.st_mode & 0777;
    }

    TemporaryDirectory directory;
};

TEST_F(KeptOperatorTest, IsFoundByThePortWhileTheMachineRuns) {
    const OperatorKeys keys = fresh(), others = fresh();
    {
        const KeptOperator one(7001, keys), two(7002, others);
        for (const char* host : {"127.0.0.1", "localhost"}) {
            const auto found = kept_operator({host, 7001});
            ASSERT_TRUE(found);
            EXPECT_EQ(found->own, keys.own);
            EXPECT_EQ(found->machine, keys.machine);
        }
        EXPECT_EQ(kept_operator({"127.0.0.1", 7002})->own, others.own);
        EXPECT_FALSE(kept_operator({"127.0.0.1", 7003}));
        EXPECT_FALSE(kept_operator({"example", 7001})) << "that is another host's machine";
    }
    EXPECT_FALSE(kept_operator({"127.0.0.1", 7001}));
    EXPECT_TRUE(std::filesystem::is_empty(kept_keys_directory()));
}

TEST_F(KeptOperatorTest, IsForItsOwnersEyes) {
    const KeptOperator one(7001, fresh());
    EXPECT_EQ(mode(kept_keys_directory()), 0700u);
    EXPECT_EQ(mode(kept_keys_directory() / "management-7001"), 0600u);
    std::filesystem::permissions(kept_keys_directory(), std::filesystem::perms(0755));
    EXPECT_THAT([] { KeptOperator(7002, fresh()); }, ThrowsMessage<Failure>(HasSubstr("others can enter it")));
}

TEST_F(KeptOperatorTest, WhatAKilledCommandHasLeftIsRemoved) {
    const KeptOperator runs(7001, fresh());
    std::ofstream(kept_keys_directory() / "management-7009") << "left behind";
    const OperatorKeys keys = fresh();
    const KeptOperator next(7002, keys);
    EXPECT_FALSE(std::filesystem::exists(kept_keys_directory() / "management-7009"));
    EXPECT_TRUE(kept_operator({"127.0.0.1", 7001})) << "that one still runs";
    std::ofstream(kept_keys_directory() / "management-7008") << "no keys";
    EXPECT_FALSE(kept_operator({"127.0.0.1", 7008}));
}

TEST(OperatorKeysText, ComesBackAsItWas) {
    MachineKeys machine{fresh_private_key(), {}, {}};
    const OperatorKeys keys = fresh_operator(machine);
    EXPECT_EQ(machine.operators, std::vector{public_key(keys.own)});
    EXPECT_EQ(keys.machine, public_key(machine.own));
    const std::string text = to_text(keys);
    const auto read = operator_keys_from(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->own, keys.own);
    EXPECT_EQ(read->machine, keys.machine);
    for (std::size_t length = 0; length + 1 < text.size(); length += 7)
        EXPECT_FALSE(operator_keys_from(text.substr(0, length))) << length;
    EXPECT_FALSE(operator_keys_from(text + text));
}

} // namespace
} // namespace transom::tool
