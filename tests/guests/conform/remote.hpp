// SPDX-License-Identifier: Apache-2.0
// A processor that makes, with interrupts off, the hypervisor calls that the first one asks it for.
#pragma once

#include "together.hpp"

namespace conform {

class Remote {
  public:
    /// Of processor `number`; it serves until the object goes.
    Remote(Context& context, unsigned number);
    ~Remote();
    Remote(const Remote&) = delete;
    Remote& operator=(const Remote&) = delete;

    template <class... Args> Answer hcall(std::uint64_t token, Args... arguments) {
        return ask({token, static_cast<std::uint64_t>(arguments)...});
    }
    /// Calls a function of no arguments there.
    void run(void (*work)());

  private:
    Answer ask(const std::array<std::uint64_t, 5>& registers);

    Context& context_;
    Crew crew_;
};

} // namespace conform
