// SPDX-License-Identifier: Apache-2.0
#include <transom/base/panic.hpp>
#include <transom/interrupt/sources.hpp>

namespace transom::interrupt {

const Source* Sources::find(std::uint32_t number) const {
    if (number < first_source || number - first_source >= source_count)
        return nullptr;
    const Source& source = table[number - first_source];
    return source.trigger == Trigger::unused ? nullptr : &source;
}

Source* Sources::find(std::uint32_t number) {
    return const_cast<Source*>(static_cast<const Sources&>(*this).find(number));
}

void Sources::add(std::uint32_t number, Trigger trigger) {
    invariant(number >= first_source && number - first_source < source_count, "interrupt source number out of range");
    table[number - first_source] = Source{};
    table[number - first_source].trigger = trigger;
}

void Sources::signal(std::uint32_t number) {
    Source* source = find(number);
    invariant(source != nullptr && source->trigger == Trigger::message, "signal of what is no message source");
    source->pending = true;
}

} // namespace transom::interrupt
