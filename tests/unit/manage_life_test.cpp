// SPDX-License-Identifier: Apache-2.0
// Orders about the life of partitions over the management service.
#include "manage_fixture.hpp"
#include <transom/migrate/checksum.hpp>

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

using ManageLife = ManageTest;

std::string define(std::string_view bundle) {
    return fmt::format("define bytes={} digest={:016x}\n", bundle.size(),
                       migrate::xxh64(std::as_bytes(std::span(bundle))));
}

TEST_F(ManageLife, OrdersAreHandedOn) {
    EXPECT_THAT(
        ask("start partition=a\nstart partition=a force=yes\nstop partition=a force=no\nstop force=yes partition=b\n"
            "reset partition=a\nremove partition=a\n"),
        ElementsAre("ok", "ok", "ok", "ok", "ok", "ok"));
    EXPECT_THAT(machine.orders,
                ElementsAre("start a", "start a by force", "stop a", "stop b by force", "reset a", "remove a"));
    machine.refused = {"running", ErrorLine::formatted("a is here already")};
    for (const char* verb : {"start", "stop", "reset", "remove"})
        EXPECT_THAT(ask(fmt::format("{} partition=a\n", verb)), ElementsAre("error running: a is here already"))
            << verb;
}

TEST_F(ManageLife, AnswersWhenItIsCarriedOut) {
    const auto look = [&] {
        service.run();
        return ask("");
    };
    machine.starting = "a";
    for (const char* verb : {"start", "reset"}) {
        EXPECT_THAT(ask(fmt::format("{} partition=a\nhello\n", verb)), IsEmpty()) << verb;
        EXPECT_THAT(look(), IsEmpty());
        EXPECT_THAT(ask(two, fmt::format("{} partition=b\n", verb)), ElementsAre("ok")) << "others do not wait";
        machine.starting = "?";
        EXPECT_THAT(look(), ElementsAre("ok", StartsWith("ok transom"))) << verb << ": and then what came behind";
        machine.starting = "a";
        EXPECT_THAT(ask(fmt::format("{} partition=a\n", verb)), IsEmpty()) << verb;
        machine.abandoned = std::exchange(machine.starting, "a");
        EXPECT_THAT(look(), ElementsAre("error not-running: a was stopped")) << verb;
        machine.abandoned = "?";
    }
    machine.to_scrub = 9;
    for (const char* verb : {"stop", "remove"}) {
        machine.scrubbed = 8;
        EXPECT_THAT(ask(fmt::format("{} partition=a\nhello\n", verb)), IsEmpty()) << verb;
        EXPECT_THAT(look(), IsEmpty());
        EXPECT_EQ(machine.waiting, 1) << "the machine does not end meanwhile";
        machine.scrubbed = 9;
        EXPECT_THAT(look(), ElementsAre("ok", StartsWith("ok transom"))) << verb;
    }
    // Nobody is there any more when it is.
    machine.scrubbed = 0;
    EXPECT_EQ(machine.waiting, 0);
    EXPECT_THAT(ask("stop partition=a\n"), IsEmpty());
    one.stream->abort();
    net.pump();
    EXPECT_EQ(machine.waiting, 0);
    machine.scrubbed = 9;
    EXPECT_THAT(look(), IsEmpty());
}

TEST_F(ManageLife, WhoHangsUpInTheMiddleOfABundleHasItGivenBack) {
    ask(one, "define bytes=5 digest=0123456789abcdef\nab");
    one.stream->close();
    net.pump();
    EXPECT_EQ(machine.dropped, 1) << "the bundle does not come any more";
    Operator last; // its place is another's
    EXPECT_THAT(ask(last, "hello\n"), ElementsAre(StartsWith("ok transom")));
}

TEST_F(ManageLife, RefusesWhatItDoesNotUnderstandByName) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"start\n", "error missing-key: \"partition\": "},
        {"start partition=a force=1\n", "error bad-value: \"1\": "},
        {"stop partition=a now=yes\n", "error unknown-key: \"now\": "},
        {"reset partition=a force=yes\n", "error unknown-key: \"force\": "},
        {"remove name=a\n", "error unknown-key: \"name\": "},
        {"define\n", "error missing-key: \"bytes\": "},
        {"define bytes=9\n", "error missing-key: \"digest\": "},
        {"define digest=0123456789abcdef\n", "error missing-key: \"bytes\": "},
        {"define bytes=0 digest=0123456789abcdef\n", "error bad-value: \"0\": "},
        {"define bytes=9 digest=0123456789abcde\n", "error bad-value: \"0123456789abcde\": "},
        {"define bytes=9 digest=0x23456789abcdef\n", "error bad-value: \"0x23456789abcdef\": "},
        {"define bytes=9 digest=-123456789abcdef\n", "error bad-value: \"-123456789abcdef\": "},
        {"define bytes=1001 digest=0123456789abcdef\n", "error no-memory: a bundle of 1001 bytes"},
        {"define bytes=18446744073709551616 digest=0123456789abcdef\n", "error bad-value: "},
    };
    for (const auto& [request, answer] : cases)
        EXPECT_THAT(ask(request), ElementsAre(StartsWith(answer))) << request;
    EXPECT_THAT(machine.orders, IsEmpty());
    EXPECT_THAT(machine.room_for_bundles, IsEmpty());
}

TEST_F(ManageLife, TakesABundleInPiecesAndThenRequestsAgain) {
    const std::string bundle = "hello\nreset partition=a\nthe rest";
    EXPECT_THAT(ask(define(bundle)), ElementsAre(fmt::format("+ send={}", bundle.size())));
    for (std::size_t at = 0; at + 1 < bundle.size(); ++at)
        EXPECT_THAT(ask(bundle.substr(at, 1)), IsEmpty());
    EXPECT_THAT(ask("thello\n"), ElementsAre("ok defined=2", StartsWith("ok transom")));
    EXPECT_THAT(machine.defined, ElementsAre(bundle));
    EXPECT_THAT(machine.orders, IsEmpty());
    EXPECT_EQ(machine.dropped, 0);
    one.stream->close();
    net.pump();
    EXPECT_EQ(machine.dropped, 0) << "it is the machine's";
}

TEST_F(ManageLife, ABundleThatIsNotWhatItShouldBeIsGivenBack) {
    ask(define("sound"));
    EXPECT_THAT(ask("sounD"), ElementsAre(StartsWith("error damaged: ")));
    EXPECT_EQ(machine.dropped, 1);
    machine.refused = {"malformed", ErrorLine::formatted("no bundle")};
    ask(define("sound"));
    EXPECT_THAT(ask("sound"), ElementsAre("error malformed: no bundle"));
    EXPECT_EQ(machine.dropped, 2);
    EXPECT_THAT(machine.defined, IsEmpty());
}

TEST_F(ManageLife, AConnectionThatIsLostGivesBackWhatItHas) {
    ask(define("sound"));
    ask("soun");
    one.stream->abort();
    net.pump();
    EXPECT_EQ(machine.dropped, 1);
    ask(two, define("sound"));
    EXPECT_THAT(ask(two, "sound"), ElementsAre("ok defined=2")) << "a new one begins anew";
}

TEST(Xxh64, OfPiecesIsThatOfTheWhole) {
    std::vector<std::byte> bytes(1000);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(i * 7);
    for (const std::size_t piece : {1, 31, 32, 33, 1000}) {
        migrate::Xxh64 pieces;
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            pieces.add(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
        EXPECT_EQ(pieces.digest(), migrate::xxh64(bytes)) << piece;
    }
    EXPECT_EQ(migrate::Xxh64().digest(), migrate::xxh64({}));
}

} // namespace
} // namespace transom::manage
