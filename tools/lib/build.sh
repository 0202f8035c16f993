# SPDX-License-Identifier: Apache-2.0
# Configuring and building presets. Sourced after common.sh; $top is the repository.

# usage: build_presets PRESET...
build_presets() {
    local preset
    for preset; do
        say "building preset $preset"
        (cd "$top" && cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" --parallel "$(nproc)") ||
            die "preset $preset does not build" "The compiler's messages are above."
    done
}
