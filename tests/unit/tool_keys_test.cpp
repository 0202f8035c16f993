// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "failure.hpp"
#include "machine_keys.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <sys/stat.h>
#include <transom/tree/manifest.hpp>

namespace transom::tool {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

class ToolKeys : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
    std::string contents(const std::string& name) const {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(path(name)) << text; }
    mode_t mode(const std::string& name) const {
        struct stat status {};
        EXPECT_EQ(stat(path(name).c_str(), &status), 0);
        return status.st_mode & 0777;
    }
    TemporaryDirectory directory_;
};

TEST_F(ToolKeys, ThePublicFileHasTheKeyOfThePrivateOne) {
    make_key_files(path("a"));
    make_key_files(path("b"));
    EXPECT_EQ(public_key(read_private_key(path("a"))), read_public_key(path("a.pub"), "--peer-key"));
    EXPECT_NE(read_public_key(path("a.pub"), "--peer-key"), read_public_key(path("b.pub"), "--peer-key"));
    EXPECT_EQ(mode("a"), 0600u) << "nobody else may read it";
}

TEST_F(ToolKeys, NoKeyIsOverwritten) {
    make_key_files(path("a"));
    const std::string before = contents("a");
    EXPECT_THAT([&] { make_key_files(path("a")); }, ThrowsMessage<Failure>(HasSubstr("a is there already")));
    write("b.pub", "");
    EXPECT_THAT([&] { make_key_files(path("b")); }, ThrowsMessage<Failure>(HasSubstr("b.pub is there already")));
    EXPECT_EQ(contents("a"), before);
    EXPECT_EQ(contents("b"), "");
}

TEST_F(ToolKeys, WhatIsNoKeyIsRefusedAndNotRepeated) {
    make_key_files(path("a"));
    const std::string good = contents("a");
    const auto refusal = [&](const std::string& text) -> std::string {
        write("bad", text);
        try {
            read_private_key(path("bad"));
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal(good), "accepted");
    const std::string kind = "transom-private-key-1 ";
    for (const std::string& text :
         {std::string(), good + "\n", good.substr(0, good.size() - 2), "x" + good, kind + std::string(64, '0'),
          kind + std::string(64, 'f'), kind + std::string(64, 'g'), contents("a.pub")}) {
        EXPECT_THAT(refusal(text), HasSubstr("bad holds no private key"));
        EXPECT_THAT(refusal(text), Not(HasSubstr(good.substr(kind.size(), 16))));
    }
    EXPECT_THAT([&] { read_public_key(path("a"), "--peer-key"); },
                ThrowsMessage<Failure>(HasSubstr("a is a private key")));
    write("bad", contents("a.pub") + "x");
    EXPECT_THAT([&] { read_public_key(path("bad"), "--peer-key"); },
                ThrowsMessage<Failure>(HasSubstr("bad holds no public key")));
    EXPECT_THAT([&] { read_public_key(path("none"), "--peer-key"); },
                ThrowsMessage<Failure>(HasSubstr("No such file")));
}

TEST_F(ToolKeys, AKeyAndThoseOfOthersBelongTogether) {
    make_key_files(path("a"));
    using Files = std::vector<std::string>;
    const auto refusal = [](const std::string& own, const Files& peers, const Files& operators) -> std::string {
        try {
            read_keys(own, peers, operators);
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "none";
    };
    const Files one{path("a.pub")}, many(17, path("a.pub"));
    EXPECT_FALSE(read_keys("", {}, {}));
    EXPECT_THAT(refusal(path("a"), {}, {}), HasSubstr("--key without --peer-key or --operator-key"));
    EXPECT_THAT(refusal("", one, {}), HasSubstr("--peer-key without --key"));
    EXPECT_THAT(refusal("", {}, one), HasSubstr("--operator-key without --key"));
    EXPECT_THAT(refusal(path("a"), many, one), HasSubstr("--peer-key: a machine knows 16 at most"));
    EXPECT_THAT(refusal(path("a"), {}, many), HasSubstr("--operator-key: a machine knows 16 at most"));
    EXPECT_THAT(refusal(path("a"), {}, {path("a")}), HasSubstr("--operator-key: "));
    const auto keys = read_keys(path("a"), {path("a.pub"), path("a.pub")}, one);
    EXPECT_EQ(keys->peers.size(), 2u);
    EXPECT_EQ(keys->operators.size(), 1u);
    EXPECT_TRUE(read_keys(path("a"), {}, one)->peers.empty());
}

TEST_F(ToolKeys, AnOperatorHasAKeyAndTheMachines) {
    make_key_files(path("me"));
    make_key_files(path("machine"));
    EXPECT_FALSE(read_operator_keys("", ""));
    const auto keys = read_operator_keys(path("me"), path("machine.pub"));
    EXPECT_EQ(public_key(keys->own), read_public_key(path("me.pub"), "--key"));
    EXPECT_EQ(keys->machine, read_public_key(path("machine.pub"), "--key"));
    for (const auto& [own, machine] : {std::pair(path("me"), std::string()), {std::string(), path("machine.pub")}})
        EXPECT_THAT([&] { read_operator_keys(own, machine); }, ThrowsMessage<Failure>(HasSubstr("belong together")));
    EXPECT_THAT([&] { read_operator_keys(path("me"), path("machine")); },
                ThrowsMessage<Failure>(HasSubstr("--machine-key: ")));
}

TEST_F(ToolKeys, ABundleHasThemForTheMachine) {
    const auto [a, b] = fresh_pair();
    EXPECT_EQ(a.peers, std::vector{public_key(b.own)});
    EXPECT_EQ(b.peers, std::vector{public_key(a.own)});
    MachineKeys keys = a;
    keys.peers.push_back(public_key(a.own));
    const auto bundle = build_empty_bundle(identity_of(1), keys);
    const auto parsed = tree::Manifest::parse(bundle);
    ASSERT_TRUE(parsed) << parsed.error().view();
    ASSERT_TRUE(parsed->keys());
    EXPECT_TRUE(std::ranges::equal(parsed->keys()->private_key, a.own));
    ASSERT_EQ(parsed->keys()->peer_keys.size(), 2 * secure::public_key_size);
    EXPECT_TRUE(std::ranges::equal(parsed->keys()->peer_keys.first(secure::public_key_size), public_key(b.own)));
    EXPECT_TRUE(parsed->keys()->operator_keys.empty());
    EXPECT_FALSE(tree::Manifest::parse(build_empty_bundle(identity_of(1)))->keys());
    MachineKeys alone{fresh_private_key(), {}, {}};
    const OperatorKeys operators[] = {fresh_operator(alone), fresh_operator(alone)};
    const auto of_one = build_empty_bundle(identity_of(1), alone);
    const auto its = tree::Manifest::parse(of_one);
    ASSERT_TRUE(its && its->keys());
    EXPECT_TRUE(its->keys()->peer_keys.empty());
    ASSERT_EQ(its->keys()->operator_keys.size(), 2 * secure::public_key_size);
    EXPECT_TRUE(
        std::ranges::equal(its->keys()->operator_keys.last(secure::public_key_size), public_key(operators[1].own)));
}

TEST_F(ToolKeys, ABundleIsForItsOwnersEyes) {
    write_private_file(path("bundle"), build_empty_bundle(identity_of(1)));
    EXPECT_EQ(mode("bundle"), 0600u);
    EXPECT_THAT([&] { write_private_file(path("bundle"), {}); }, ThrowsMessage<Failure>(HasSubstr("File exists")));
}

} // namespace
} // namespace transom::tool
