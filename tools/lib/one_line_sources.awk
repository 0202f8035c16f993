# SPDX-License-Identifier: Apache-2.0
# Rewrites one-line package sources ("deb [options] uri suite component..."): see deb822_sources.awk.
$1 == "deb" {
    line = $0
    sub(/#.*/, "", line)
    sub(/^[ \t]*deb[ \t]+/, "", line)
    options = ""
    if (line ~ /^\[/) {
        options = substr(line, 2, index(line, "]") - 2)
        line = substr(line, index(line, "]") + 1)
        gsub(/arch[-+]?=[^ \t]*/, "", options)
        if (options ~ /[^ \t]/) options = "[" options "] "
        else options = ""
    }
    n = split(line, word, /[ \t]+/)
    start = word[1] == "" ? 2 : 1
    uri = word[start]
    suite = word[start + 1]
    main = 0
    for (i = start + 2; i <= n; i++) if (word[i] == "main") main = 1
    if (!main || (suite != codename && suite != codename "-updates" && suite != codename "-security")) next
    print "deb " options uri, suite, "main"
    print "deb-src " options uri, suite, "main"
    if (suite == codename && extra != "") print "deb " options uri, extra, "main"
}
