// SPDX-License-Identifier: Apache-2.0
#include "machine_keys.hpp"

#include "bundle.hpp"
#include "failure.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <span>
#include <unistd.h>

namespace transom::tool {
namespace {

using secure::PrivateKey;
using secure::PublicKey;

// The whole of a file: one of these, the key in hexadecimal, a line feed.
constexpr std::string_view private_kind = "transom-private-key-1 ", public_kind = "transom-public-key-1 ";

std::string to_text(std::string_view kind, std::span<const std::byte> key) {
    std::string text(kind);
    for (const std::byte each : key)
        text += fmt::format("{:02x}", std::to_integer<unsigned>(each));
    return text + '\n';
}

/// False: it is not such a text.
bool from_text(std::string_view text, std::string_view kind, std::span<std::byte> key) {
    if (!text.starts_with(kind))
        return false;
    text.remove_prefix(kind.size());
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    if (text.size() != 2 * key.size())
        return false;
    for (std::size_t i = 0; i < key.size(); ++i) {
        unsigned value = 0;
        const char *const begin = text.data() + 2 * i, *const end = begin + 2;
        const auto [stopped, error] = std::from_chars(begin, end, value, 16);
        if (error != std::errc{} || stopped != end)
            return false;
        key[i] = static_cast<std::byte>(value);
    }
    return true;
}

std::string contents_of(const std::filesystem::path& file, std::string_view option) {
    const auto bytes = read_contents(file, option);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void must_not_be_there(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error)))
        fail("key make: {} is there already: remove it first, or use another name", file.string());
}

} // namespace

std::vector<std::byte> random_bytes(std::size_t count) {
    std::vector<std::byte> bytes(count);
    if (getentropy(bytes.data(), bytes.size()) != 0)
        fail("this system gives no random bytes: {}", std::strerror(errno));
    return bytes;
}

PrivateKey fresh_private_key() {
    const auto seed = random_bytes(secure::seed_size);
    return secure::make_private_key(std::span<const std::byte, secure::seed_size>(seed));
}

PublicKey public_key(const PrivateKey& key) {
    const auto point = secure::public_key_of(key);
    if (!point)
        fail("this is no private key: make another one with transom key make");
    return *point;
}

std::pair<MachineKeys, MachineKeys> fresh_pair() {
    MachineKeys a{fresh_private_key(), {}, {}}, b{fresh_private_key(), {}, {}};
    a.peers = {public_key(b.own)};
    b.peers = {public_key(a.own)};
    return {a, b};
}

OperatorKeys fresh_operator(MachineKeys& machine) {
    const OperatorKeys keys{fresh_private_key(), public_key(machine.own)};
    machine.operators.push_back(public_key(keys.own));
    return keys;
}

void make_key_files(const std::filesystem::path& file) {
    std::filesystem::path public_file = file;
    public_file += ".pub";
    must_not_be_there(file);
    must_not_be_there(public_file);
    const PrivateKey key = fresh_private_key();
    const std::string secret = to_text(private_kind, key), open = to_text(public_kind, public_key(key));
    write_private_file(file, std::as_bytes(std::span(secret)));
    write_file(public_file, std::as_bytes(std::span(open)));
}

PrivateKey read_private_key(const std::filesystem::path& file, std::string_view option) {
    PrivateKey key{};
    if (!from_text(contents_of(file, option), private_kind, key) || !secure::public_key_of(key))
        fail("{}: {} holds no private key: transom key make makes one", option, file.string());
    return key;
}

PublicKey read_public_key(const std::filesystem::path& file, std::string_view option) {
    PublicKey key{};
    const std::string text = contents_of(file, option);
    if (text.starts_with(private_kind))
        fail("{}: {} is a private key, which only its owner should have: name its .pub", option, file.string());
    if (!from_text(text, public_kind, key) || key[0] != std::byte{4})
        fail("{}: {} holds no public key: it is the .pub that transom key make has made", option, file.string());
    return key;
}

std::optional<MachineKeys> read_keys(const std::string& own, const std::vector<std::string>& peers,
                                     const std::vector<std::string>& operators) {
    if (own.empty() && peers.empty() && operators.empty())
        return std::nullopt;
    if (own.empty() && !peers.empty())
        fail("--peer-key without --key: a machine that others are to let in needs a key of its own");
    if (own.empty())
        fail("--operator-key without --key: an operator has to know the machine by a key of its own");
    if (peers.empty() && operators.empty())
        fail("--key without --peer-key or --operator-key: nobody is known to this machine, so nobody could be let in");
    if (std::max(peers.size(), operators.size()) > secure::Identity::max_peers)
        fail("--{}: a machine knows {} at most", peers.size() > operators.size() ? "peer-key" : "operator-key",
             secure::Identity::max_peers);
    MachineKeys keys{read_private_key(own), {}, {}};
    for (const std::string& peer : peers)
        keys.peers.push_back(read_public_key(peer, "--peer-key"));
    for (const std::string& each : operators)
        keys.operators.push_back(read_public_key(each, "--operator-key"));
    return keys;
}

std::optional<OperatorKeys> read_operator_keys(const std::string& own, const std::string& machine) {
    if (own.empty() != machine.empty())
        fail("--key and --machine-key belong together: the operator's own key, and the .pub of the machine's");
    if (own.empty())
        return std::nullopt;
    return OperatorKeys{read_private_key(own), read_public_key(machine, "--machine-key")};
}

std::string to_text(const OperatorKeys& keys) {
    return to_text(private_kind, keys.own) + to_text(public_kind, keys.machine);
}

std::optional<OperatorKeys> operator_keys_from(std::string_view text) {
    OperatorKeys keys;
    const auto second = text.find('\n') + 1; // none: all of it, which is no key
    if (!from_text(text.substr(0, second), private_kind, keys.own) ||
        !from_text(text.substr(second), public_kind, keys.machine) || !secure::public_key_of(keys.own))
        return std::nullopt;
    return keys;
}

} // namespace transom::tool
