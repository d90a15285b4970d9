/* base/fmt.c - the house's formatter (contract: base/text.h).
 *
 *   %[0][width][.precision][l|ll|z]conversion
 *
 *   d i u x c s %   width pads numbers, with zeros or blanks; precision cuts
 *                   strings; '*' is understood for the precision alone
 *
 * No locale, no floating point, no %n.  A conversion it does not know is
 * printed as it stands and takes no argument.
 */
#include "base/text.h"

#include <string.h>

/* Where the text goes: an array that cuts, or a buf that grows. */
struct fmt_sink {
    char *p;
    size_t n, cap;
    struct hc_buf *buf;
};

/* va_list may be an array type, and then a function that gets one as its
 * parameter cannot pass on its address; a struct around it can be passed on. */
struct fmt_args {
    va_list ap;
};

enum fmt_size { FMT_INT, FMT_LONG, FMT_LONG_LONG, FMT_SIZE };

struct fmt_spec {
    bool zeros, cut, counted;
    unsigned width;
    size_t precision;       /* if cut */
    enum fmt_size size;
    char conversion;
    struct hc_str as_it_stands;
};

static void fmt_put(struct fmt_sink *o, const char *p, size_t n)
{
    if (o->buf != NULL) {
        hc_buf_put(o->buf, p, n);
        return;
    }
    if (n > o->cap - 1 - o->n)
        n = o->cap - 1 - o->n;
    if (o->p == NULL || n == 0)
        return;
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

/* Bytes of the control character that s begins with, 0 if it is none: C0, DEL,
 * and C1 in UTF-8 (U+009B begins an escape sequence as ESC [ does). */
static size_t fmt_control(struct hc_str s)
{
    unsigned char c = (unsigned char)s.p[0];

    if (c < ' ' || c == 0x7F)
        return 1;
    return c == 0xC2 && s.n > 1 && ((unsigned char)s.p[1] & 0xE0) == 0x80 ? 2
                                                                          : 0;
}

/* A foreign string must not start a line, a header or a terminal escape. */
static void fmt_put_clean(struct fmt_sink *o, struct hc_str s)
{
    size_t from = 0, i = 0;

    while (i < s.n) {
        size_t control = fmt_control(hc_str_n(s.p + i, s.n - i));

        if (control == 0) {
            i++;
            continue;
        }
        fmt_put(o, s.p + from, i - from);
        fmt_put(o, "?", 1);
        from = i += control;
    }
    if (s.n > from)
        fmt_put(o, s.p + from, s.n - from);
}

static void fmt_put_number(struct fmt_sink *o, const struct fmt_spec *spec,
                           bool minus, uint64_t v)
{
    char digits[24];
    size_t at = sizeof(digits);
    unsigned base = spec->conversion == 'x' ? 16 : 10;

    do {
        digits[--at] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v > 0);

    size_t have = sizeof(digits) - at + (minus ? 1 : 0);

    if (minus && spec->zeros)
        fmt_put(o, "-", 1);
    for (; have < spec->width; have++)
        fmt_put(o, spec->zeros ? "0" : " ", 1);
    if (minus && !spec->zeros)
        fmt_put(o, "-", 1);
    fmt_put(o, digits + at, sizeof(digits) - at);
}

static int64_t fmt_signed(enum fmt_size size, struct fmt_args *args)
{
    switch (size) {
    case FMT_INT:       return va_arg(args->ap, int);
    case FMT_LONG:      return va_arg(args->ap, long);
    case FMT_LONG_LONG: return va_arg(args->ap, long long);
    case FMT_SIZE:      return (int64_t)va_arg(args->ap, size_t);
    }
    return 0;
}

static uint64_t fmt_unsigned(enum fmt_size size, struct fmt_args *args)
{
    switch (size) {
    case FMT_INT:       return va_arg(args->ap, unsigned);
    case FMT_LONG:      return va_arg(args->ap, unsigned long);
    case FMT_LONG_LONG: return va_arg(args->ap, unsigned long long);
    case FMT_SIZE:      return va_arg(args->ap, size_t);
    }
    return 0;
}

/* The bytes up to the precision or the NUL, whichever comes first.  Bytes that
 * were counted ("%.*s") are all of the text: a NUL in it shows as '?'. */
static struct hc_str fmt_string(const struct fmt_spec *spec, const char *z)
{
    if (z == NULL)
        z = "(null)";
    if (!spec->cut)
        return hc_str(z);

    size_t n = spec->counted ? spec->precision : 0;

    while (n < spec->precision && z[n] != '\0')
        n++;
    return hc_str_n(z, n);
}

static void fmt_convert(struct fmt_sink *o, const struct fmt_spec *spec,
                        struct fmt_args *args)
{
    int64_t v;
    char c;

    switch (spec->conversion) {
    case 'd':
    case 'i':
        v = fmt_signed(spec->size, args);
        fmt_put_number(o, spec, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
        break;
    case 'u':
    case 'x':
        fmt_put_number(o, spec, false, fmt_unsigned(spec->size, args));
        break;
    case 'c':
        c = (char)va_arg(args->ap, int);
        fmt_put_clean(o, hc_str_n(&c, 1));
        break;
    case 's':
        fmt_put_clean(o, fmt_string(spec, va_arg(args->ap, const char *)));
        break;
    case '%':
        fmt_put(o, "%", 1);
        break;
    default:
        fmt_put(o, spec->as_it_stands.p, spec->as_it_stands.n);
        break;
    }
}

static const char *fmt_get_number(const char *p, unsigned *v)
{
    for (*v = 0; *p >= '0' && *p <= '9'; p++)
        if (*v < 1000)
            *v = *v * 10 + (unsigned)(*p - '0');
    return p;
}

static const char *fmt_get_precision(const char *p, struct fmt_spec *spec,
                                     struct fmt_args *args)
{
    unsigned digits;

    if (*p != '.')
        return p;
    if (p[1] == '*') {
        int n = va_arg(args->ap, int);

        spec->cut = spec->counted = n >= 0;  /* negative: none, as in printf */
        spec->precision = n >= 0 ? (size_t)n : 0;
        return p + 2;
    }
    p = fmt_get_number(p + 1, &digits);
    spec->cut = true;
    spec->precision = digits;
    return p;
}

static const char *fmt_get_size(const char *p, enum fmt_size *size)
{
    *size = FMT_INT;
    if (*p == 'z') {
        *size = FMT_SIZE;
        return p + 1;
    }
    if (*p != 'l')
        return p;
    *size = p[1] == 'l' ? FMT_LONG_LONG : FMT_LONG;
    return p[1] == 'l' ? p + 2 : p + 1;
}

/* p points behind the '%'; the result points behind the conversion. */
static const char *fmt_get_spec(const char *p, struct fmt_spec *spec,
                                struct fmt_args *args)
{
    const char *from = p - 1;

    *spec = (struct fmt_spec){ .zeros = *p == '0' };
    p = fmt_get_number(p, &spec->width);
    p = fmt_get_precision(p, spec, args);
    p = fmt_get_size(p, &spec->size);
    spec->conversion = *p;
    if (*p != '\0')
        p++;
    spec->as_it_stands = hc_str_n(from, (size_t)(p - from));
    return p;
}

static void fmt_run(struct fmt_sink *o, const char *fmt, struct fmt_args *args)
{
    while (*fmt != '\0') {
        size_t plain = strcspn(fmt, "%");

        fmt_put(o, fmt, plain);
        fmt += plain;
        if (*fmt == '%') {
            struct fmt_spec spec;

            fmt = fmt_get_spec(fmt + 1, &spec, args);
            fmt_convert(o, &spec, args);
        }
    }
}

void hc_text_vfmt(struct hc_buf *out, const char *fmt, va_list ap)
{
    struct fmt_sink o = { .buf = out };
    struct fmt_args args;

    va_copy(args.ap, ap);
    fmt_run(&o, fmt, &args);
    va_end(args.ap);
}

/* The length without the bytes of a last character that is cut: a text that
 * fills its array may end in the middle of one. */
static size_t fmt_whole(const char *out, size_t n)
{
    size_t from = n;

    while (from > 0 && n - from < 3 &&
           ((unsigned char)out[from - 1] & 0xC0) == 0x80)
        from--;
    if (from > 0 && ((unsigned char)out[from - 1] & 0xC0) == 0xC0 &&
        hc_text_utf8_length(hc_str_n(out + from - 1, n - from + 1)) == 0)
        return from - 1;
    return n;
}

size_t hc_vfmt(char *out, size_t cap, const char *fmt, va_list ap)
{
    if (cap == 0)
        return 0;

    struct fmt_sink o = { .p = out, .cap = cap };
    struct fmt_args args;

    va_copy(args.ap, ap);
    fmt_run(&o, fmt, &args);
    va_end(args.ap);
    if (o.n == cap - 1)
        o.n = fmt_whole(out, o.n);
    out[o.n] = '\0';
    return o.n;
}

size_t hc_fmt(char *out, size_t cap, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);

    size_t n = hc_vfmt(out, cap, fmt, ap);

    va_end(ap);
    return n;
}
