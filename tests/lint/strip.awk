# strip.awk - C text with comments and the insides of strings blanked, line
# for line, so that the other checks see code only.  A // comment outside a
# string stays as it is.  NAMES=1: "FILE:LINE: " before each line.
FNR == 1 {
    in_comment = 0
    quote = ""
}
{
    line = $0
    out = ""
    n = length(line)
    for (i = 1; i <= n; i++) {
        two = substr(line, i, 2)
        c = substr(line, i, 1)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                i++
                out = out " "
            }
            out = out " "
        } else if (quote != "") {
            if (c == "\\") {
                out = out " "
                i++
            } else if (c == quote) {
                quote = ""
                out = out c
                continue
            }
            out = out " "
        } else if (two == "/*") {
            in_comment = 1
            i++
            out = out "  "
        } else {
            if (c == "\"" || c == "'")
                quote = c
            out = out c
        }
    }
    if (line !~ /\\$/)
        quote = ""
    print (NAMES ? FILENAME ":" FNR ": " : "") out
}
