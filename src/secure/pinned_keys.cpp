// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <transom/secure/pinned_keys.hpp>

namespace transom::secure {
namespace {

/// BearSSL hands back the address of the first member, which is the class.
PinnedKeys& from(const br_x509_class** context) { return *reinterpret_cast<PinnedKeys*>(context); }

} // namespace

// What a peer shows in place of certificates is its public key, as bytes and nothing around them: there is no
// authority, no name and no date to look at, so there is no parser that could be wrong about them.
const br_x509_class PinnedKeys::its_class = {
    .context_size = sizeof(PinnedKeys),
    .start_chain = [](const br_x509_class** context, const char*) { from(context).length_ = 0; },
    .start_cert = [](const br_x509_class**, std::uint32_t) {},
    .append = [](const br_x509_class** context, const unsigned char* bytes,
                 std::size_t length) { from(context).append(std::as_bytes(std::span(bytes, length))); },
    .end_cert = [](const br_x509_class**) {},
    .end_chain = [](const br_x509_class** context) -> unsigned {
        return from(context).shown() != net::PeerKey::none ? 0 : BR_ERR_X509_NOT_TRUSTED;
    },
    .get_pkey = [](const br_x509_class* const* context, unsigned* usages) -> const br_x509_pkey* {
        if (usages != nullptr)
            *usages = BR_KEYTYPE_SIGN;
        return &reinterpret_cast<const PinnedKeys*>(context)->key_;
    },
};

void PinnedKeys::begin(std::span<const PublicKey> pinned) {
    class_ = &its_class;
    pinned_ = pinned;
    length_ = 0;
    key_.key_type = BR_KEYTYPE_EC;
    key_.key.ec = {
        .curve = BR_EC_secp256r1, .q = reinterpret_cast<unsigned char*>(shown_.data()), .qlen = shown_.size()};
}

void PinnedKeys::append(std::span<const std::byte> bytes) {
    const std::size_t room = shown_.size() - std::min(length_, shown_.size());
    const std::size_t kept = std::min(room, bytes.size());
    std::copy_n(bytes.begin(), kept, shown_.begin() + (shown_.size() - room));
    length_ += bytes.size(); // more than there is room for is a key that nobody has pinned
}

net::PeerKey PinnedKeys::shown() const {
    const auto at = std::ranges::find(pinned_, shown_);
    if (length_ != shown_.size() || at == pinned_.end())
        return net::PeerKey::none;
    static_assert(Identity::max_peers < 256);
    return static_cast<net::PeerKey>(at - pinned_.begin() + 1);
}

} // namespace transom::secure
