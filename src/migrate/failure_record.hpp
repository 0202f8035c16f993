// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <transom/migrate/error.hpp>
#include <transom/migrate/record.hpp>

namespace transom::migrate {

inline FailureRecord to_record(const Failure& why) {
    FailureRecord record;
    record.error = static_cast<std::uint32_t>(why.error);
    const std::string_view called = name(why.error);
    std::copy(called.begin(), called.end(), record.name.begin());
    static_assert(sizeof record.text == sizeof why.text_storage);
    record.text = why.text_storage;
    return record;
}

/// What the peer says went wrong, with everything unprintable made harmless: it goes into logs and answers.
inline Failure from_record(const FailureRecord& record) {
    Failure why{static_cast<MoveError>(std::uint32_t{record.error}), record.text};
    why.text_storage.back() = 0;
    for (char& c : why.text_storage)
        if (c != 0 && (c < ' ' || c > '~' || c == '"'))
            c = '?';
    if (why.error == MoveError::none)
        why.error = MoveError::record_content;
    return why;
}

} // namespace transom::migrate
