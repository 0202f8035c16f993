// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/arrivals.hpp>

namespace transom::migrate {

net::StreamHandler* Arrivals::accepted(net::ByteStream& stream) {
    if (session_.is_unknown())
        session_.turn_away();
    if (session_.busy())
        return session_.channels().accepted(stream);
    session_.accept(stream);
    return &session_;
}

} // namespace transom::migrate
