// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/missing_pages.hpp>

namespace transom::migrate {
namespace {

/// Adds to a text, as far as there is room; the last byte stays 0.
class Appender {
  public:
    explicit Appender(Failure& failure)
        : at_(failure.text_storage.data()), end_(at_ + failure.text_storage.size() - 1) {}
    template <class... Args> void add(fmt::format_string<Args...> format, Args&&... arguments) {
        const auto room = static_cast<std::size_t>(end_ - at_);
        at_ = fmt::format_to_n(at_, room, format, std::forward<Args>(arguments)...).out;
    }

  private:
    char* at_;
    char* end_;
};

} // namespace

Failure with_missing(const Failure& why, const MissingPages& missing) {
    if (missing.ranges.empty())
        return why;
    Failure named{why.error, {}};
    Appender text(named);
    text.add("pages ");
    for (const PageRange& range : missing.ranges) {
        if (&range != missing.ranges.begin())
            text.add(",");
        text.add("{}", range.first);
        if (range.last != range.first)
            text.add("-{}", range.last);
    }
    if (missing.more != 0)
        text.add(" and {} more", missing.more);
    text.add(" are missing: {}", why.text());
    return named;
}

} // namespace transom::migrate
