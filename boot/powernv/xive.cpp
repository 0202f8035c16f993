// SPDX-License-Identifier: Apache-2.0
#include "xive.hpp"

#include "opal.hpp"

#include <arch/mmio.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/base/log.hpp>

namespace boot::xive {

using namespace transom;

bool done(std::int64_t status, std::string_view what) {
    if (status == opal::success)
        return true;
    log("interrupts: firmware does not {}: OPAL says {}", what, status);
    return false;
}

std::optional<Source> route(std::uint64_t number, std::uint32_t server) {
    constexpr std::uint64_t source_clear = 0xc00;
    using opal::Call;
    if (!done(opal::call(Call::xive_set_irq_config, number, std::uint64_t{server}, priority, number), "route a source"))
        return std::nullopt;
    Be<std::uint64_t> flags, management, trigger;
    Be<std::uint32_t> shift, source_chip;
    if (!done(opal::call(Call::xive_get_irq_info, number, &flags, &management, &trigger, &shift, &source_chip),
              "tell where a source is"))
        return std::nullopt;
    const RealAddr management_page{management}, trigger_page{trigger};
    (void)arch::mmio_load<std::uint64_t>(management_page + source_clear); // it was masked
    return Source{management_page, trigger_page.value != 0 ? trigger_page : management_page};
}

} // namespace boot::xive
