# compile_commands.awk - build/compile_commands.json, of lines "FILE FLAGS";
# TOP and COMPILE come in the environment.
function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
BEGIN {
    print "["
}
{
    file = $1
    flags = substr($0, length(file) + 2)
    printf "%s{\"directory\": %s, \"file\": %s,\n \"command\": %s}",
        (NR > 1 ? ",\n" : ""), quoted(ENVIRON["TOP"]), quoted(file),
        quoted(ENVIRON["COMPILE"] " " flags " -c " file)
}
END {
    print "\n]"
}
