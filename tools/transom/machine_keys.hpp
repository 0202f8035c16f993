// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <transom/secure/key.hpp>
#include <vector>

namespace transom::tool {

/// What a machine needs to be let in by others, and to know whom to let in: docs/manifest.md, `keys`.
struct MachineKeys {
    secure::PrivateKey own{};
    std::vector<secure::PublicKey> peers;
    std::vector<secure::PublicKey> operators;
};

/// What an operator needs to give orders to a machine.
struct OperatorKeys {
    secure::PrivateKey own{};
    secure::PublicKey machine{};
};

/// Bytes that nobody else knows, from this system. Throws Failure.
std::vector<std::byte> random_bytes(std::size_t count);

secure::PrivateKey fresh_private_key();
/// Throws Failure where there is no such key.
secure::PublicKey public_key(const secure::PrivateKey& key);

/// Keys of two machines that know each other, for one run.
std::pair<MachineKeys, MachineKeys> fresh_pair();
/// Another operator, whom the machine knows from now on.
OperatorKeys fresh_operator(MachineKeys& machine);

/// Makes FILE, which only its owner can read, and FILE.pub; neither may be there. Throws Failure.
void make_key_files(const std::filesystem::path& file);
/// Of FILE or FILE.pub as make_key_files has made them. Throws Failure, naming what is wrong but never the key.
/// `option`: what has named it.
secure::PrivateKey read_private_key(const std::filesystem::path& file, std::string_view option = "--key");
secure::PublicKey read_public_key(const std::filesystem::path& file, std::string_view option);
/// Of files: a machine's own, and whom it is to know. Empty names: nothing. Throws Failure where one is there without what it needs.
std::optional<MachineKeys> read_keys(const std::string& own, const std::vector<std::string>& peers,
                                     const std::vector<std::string>& operators);
/// Of files: an operator's, and the machine's. Empty names: nothing.
std::optional<OperatorKeys> read_operator_keys(const std::string& own, const std::string& machine);

/// The same as text: two lines, for a file that only its owner can read.
std::string to_text(const OperatorKeys& keys);
std::optional<OperatorKeys> operator_keys_from(std::string_view text);

} // namespace transom::tool
