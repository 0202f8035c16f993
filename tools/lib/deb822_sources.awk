# SPDX-License-Identifier: Apache-2.0
# Rewrites deb822 package sources: only paragraphs of this Debian release, with source packages, every architecture.
# -v codename=NAME, and -v extra=SUITE to add a suite beside the release's main one.
BEGIN { RS = ""; FS = "\n" }
{
    types = suites = ""
    enabled = 1
    rest = ""
    main = 0
    field = ""
    for (i = 1; i <= NF; i++) {
        if ($i ~ /^#/) continue
        if ($i !~ /^[ \t]/) {
            field = tolower(substr($i, 1, index($i, ":") - 1))
            value = substr($i, index($i, ":") + 1)
        } else {
            value = $i
        }
        if (field == "types") types = types " " value
        else if (field == "suites") suites = suites " " value
        else if (field == "enabled") enabled = value !~ /no|false|off|0/
        else if (field == "components") { if ((" " value " ") ~ /[ \t]main[ \t]/) main = 1 }
        else if (field != "architectures") rest = rest $i "\n"
    }
    if (!enabled || !main || (" " types " ") !~ /[ \t]deb[ \t]/) next
    kept = ""
    n = split(suites, suite, /[ \t]+/)
    for (i = 1; i <= n; i++) {
        if (suite[i] == codename) kept = kept " " suite[i] (extra == "" ? "" : " " extra)
        else if (suite[i] == codename "-updates" || suite[i] == codename "-security") kept = kept " " suite[i]
    }
    if (kept != "") printf "Types: deb deb-src\nSuites:%s\nComponents: main\n%s\n", kept, rest
}
