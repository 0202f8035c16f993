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
};

/// Bytes that nobody else knows, from this system. Throws Failure.
std::vector<std::byte> random_bytes(std::size_t count);

secure::PrivateKey fresh_private_key();
/// Throws Failure where there is no such key.
secure::PublicKey public_key(const secure::PrivateKey& key);

/// Keys of two machines that know each other, for one run.
std::pair<MachineKeys, MachineKeys> fresh_pair();

/// Makes FILE, which only its owner can read, and FILE.pub; neither may be there. Throws Failure.
void make_key_files(const std::filesystem::path& file);
/// Of FILE or FILE.pub as make_key_files has made them. Throws Failure, naming what is wrong but never the key.
secure::PrivateKey read_private_key(const std::filesystem::path& file);
secure::PublicKey read_public_key(const std::filesystem::path& file);
/// Empty name and no peers: no keys at all. Throws Failure where one is there without the other.
std::optional<MachineKeys> read_keys(const std::string& own, const std::vector<std::string>& peers);

} // namespace transom::tool
