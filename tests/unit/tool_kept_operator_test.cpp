// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "kept_operator.hpp"
#include "order.hpp"
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
    KeptOperatorTest() {
        if (const char* const cache = std::getenv("TRANSOM_CACHE"))
            cache_before = cache;
        setenv("TRANSOM_CACHE", directory.path().c_str(), 1);
    }
    ~KeptOperatorTest() override {
        if (cache_before)
            setenv("TRANSOM_CACHE", cache_before->c_str(), 1);
        else
            unsetenv("TRANSOM_CACHE");
    }
    static OperatorKeys fresh() {
        MachineKeys machine{fresh_private_key(), {}, {}};
        return fresh_operator(machine);
    }
    static mode_t mode(const std::filesystem::path& file) {
        struct stat status = {};
        EXPECT_EQ(stat(file.c_str(), &status), 0) << file;
        return status.st_mode & 0777;
    }

    static std::string content(const std::filesystem::path& file) {
        std::ifstream stream(file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    TemporaryDirectory directory;
    std::optional<std::string> cache_before;
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

/// systemd removes that directory when the user logs out, and a machine in tmux goes on.
TEST_F(KeptOperatorTest, IsNotKeptWhereTheSessionIs) {
    const TemporaryDirectory session;
    setenv("XDG_RUNTIME_DIR", session.path().c_str(), 1);
    const KeptOperator one(7001, fresh());
    EXPECT_TRUE(std::filesystem::is_empty(session.path()));
    unsetenv("XDG_RUNTIME_DIR"); // another terminal's
    EXPECT_TRUE(kept_operator({"127.0.0.1", 7001}));
}

TEST_F(KeptOperatorTest, AnotherRunsKeyIsNotOverwritten) {
    const OperatorKeys keys = fresh();
    std::optional<KeptOperator> first(std::in_place, 7001, keys);
    const auto file = kept_keys_directory() / "management-7001";
    EXPECT_THAT([] { KeptOperator(7001, fresh()); },
                ThrowsMessage<Failure>(testing::AllOf(HasSubstr(file.string()), HasSubstr("at port 7001"))));
    EXPECT_EQ(kept_operator({"127.0.0.1", 7001})->own, keys.own);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(kept_keys_directory()), {}), 1);
    first.reset();
    const KeptOperator second(7001, keys);
    EXPECT_TRUE(kept_operator({"127.0.0.1", 7001}));
}

TEST_F(KeptOperatorTest, OnlyItsOwnFileIsRemoved) {
    const auto file = kept_keys_directory() / "management-7001";
    {
        const KeptOperator one(7001, fresh());
        std::filesystem::remove(file);
        std::ofstream(file) << "another's";
        std::ofstream(kept_keys_directory() / ".management-abcdef") << "left behind";
    }
    EXPECT_EQ(content(file), "another's");
    const KeptOperator two(7002, fresh());
    EXPECT_FALSE(std::filesystem::exists(kept_keys_directory() / ".management-abcdef"));
}

TEST_F(KeptOperatorTest, AWrongPortIsToldWhichThereAre) {
    OrderOptions options;
    options.management = "127.0.0.1:7009";
    EXPECT_THAT([&] { connect_for_orders(options); },
                ThrowsMessage<Failure>(HasSubstr("no machine of this user runs")));
    const KeptOperator one(7012, fresh()), two(7001, fresh());
    std::ofstream(kept_keys_directory() / "management-7005") << "left behind";
    EXPECT_THAT(kept_ports(), testing::ElementsAre(7001, 7012));
    EXPECT_THAT([&] { connect_for_orders(options); },
                ThrowsMessage<Failure>(
                    testing::AllOf(HasSubstr("--management 127.0.0.1:7009"), HasSubstr(kept_keys_directory().string()),
                                   HasSubstr("machines that run: 127.0.0.1:7001, 127.0.0.1:7012;"))));
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
