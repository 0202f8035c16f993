// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

void WriteCurve::begin(Ticks now, std::uint64_t touched, Ticks first) {
    *this = {};
    began_ = now;
    due_ = std::max<Ticks>(first, 4);
    touched_ = touched;
}

void WriteCurve::sample(Ticks now, std::uint64_t touched) {
    newest_ = {now - began_, touched - touched_};
    if (newest_.time < due_ || size_ == points_.size())
        return;
    points_[size_++] = newest_;
    due_ = newest_.time + newest_.time / 4;
}

std::uint64_t WriteCurve::on_line(Point a, Point b, Ticks time) {
    if (b.time == a.time)
        return b.pages;
    // In ticks so coarse that there are less than 2^24 between the points: pages are less than 2^32, so the product fits.
    const std::uint64_t rise = b.pages - a.pages, span = b.time - a.time, part = time - a.time;
    const int coarser = std::max(static_cast<int>(std::bit_width(span)) - 24, 0);
    return a.pages + rise * (part >> coarser) / (span >> coarser);
}

std::uint64_t WriteCurve::pages_within(Ticks time) const {
    for (std::size_t i = 1; i < size_; ++i)
        if (time <= points_[i].time)
            return on_line(points_[i - 1], points_[i], time);
    const Point& last = points_[size_ - 1];
    if (newest_.time > last.time)
        return on_line(last, newest_, time);
    return size_ == 1 ? 0 : on_line(points_[size_ - 2], last, time);
}

} // namespace transom::migrate
