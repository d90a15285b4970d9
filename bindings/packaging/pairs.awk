# Texts of ASCII, packed: a byte of 128 or more stands for a pair of bytes, each
# of which may stand for a pair itself (byte-pair encoding).
#
# Input: a number for each byte, and "end" behind each text.  Output: C, the
# pairs that all texts share, and each text.
#
#     static const unsigned char pairs[][2] = { ... };
#     static const unsigned char text_1[] = { ... };
function replace(a, b, code,    i, n) {
    n = 0
    for (i = 0; i < size; i++)
        if (byte[i] == a && byte[i + 1] == b) {
            byte[n++] = code
            i++
        } else
            byte[n++] = byte[i]
    size = n
    byte[size] = -1
}

# Sets A and B; 0: no pair stands there often enough.  Of two, the first.
function most_frequent(    i, key, last, best, n) {
    split("", count)
    split("", first)
    last = -1
    for (i = 0; i + 1 < size; i++) {
        if (byte[i] < 0 || byte[i + 1] < 0) {
            last = -1
            continue
        }
        key = byte[i] * 256 + byte[i + 1]
        if (key == last) {               # aaa is one pair, not two
            last = -1
            continue
        }
        last = key
        if (!(key in count))
            first[key] = i
        count[key]++
    }
    n = 3
    for (key in count)
        if (count[key] > n || (count[key] == n && first[key] < first[best])) {
            n = count[key]
            best = key
        }
    if (n == 3)
        return 0
    A = int(best / 256)
    B = best % 256
    return 1
}

{
    for (i = 1; i <= NF; i++) {
        if ($i != "end" && $i > 127) {
            print "a byte that is not ASCII cannot be packed" >"/dev/stderr"
            failed = 1
            exit 1
        }
        byte[size++] = $i == "end" ? -1 : $i + 0
    }
}

END {
    if (failed)
        exit 1
    byte[size] = -1
    print "static const unsigned char pairs[][2] = {"
    for (code = 128; code < 256 && most_frequent(); code++) {
        print "    { " A ", " B " },"
        replace(A, B, code)
    }
    if (code == 128)
        print "    { 0, 0 },"
    print "};"
    for (i = 0; i < size; i++) {
        if (i == 0 || byte[i - 1] < 0)
            print "static const unsigned char text_" ++texts "[] = {"
        print byte[i] < 0 ? "};" : byte[i] ","
    }
}
