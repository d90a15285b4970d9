/* ecs/query_value.c - numbers, versions, times. */
#include "ecs/query_value.h"

#include "base/clock.h"
#include "base/text.h"

#define VALUE_EXPONENT 1000000        /* a number beyond it is text */

static bool value_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool value_is_among(int c, const char *set)
{
    while (*set != '\0' && c != *set)
        set++;
    return *set != '\0';
}

struct value_number {
    int sign;                         /* -1, 0 or 1                         */
    struct hc_str digits;             /* from the first but 0; and a point  */
    int64_t top;                      /* ten to it is the least that is more */
};

static int value_take_sign(struct hc_str *s)
{
    int sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;

    if (s->n > 0 && value_is_among(s->p[0], "+-"))
        *s = hc_str_from(*s, 1);
    return sign;
}

static bool value_get_exponent(struct hc_str s, int64_t *exponent)
{
    uint64_t n;

    *exponent = 0;
    if (s.n == 0)
        return true;
    if (!value_is_among(s.p[0], "eE"))
        return false;
    s = hc_str_from(s, 1);

    int sign = value_take_sign(&s);

    if (!hc_str_u64(s, &n) || n > VALUE_EXPONENT)
        return false;
    *exponent = sign * (int64_t)n;
    return true;
}

static bool value_get_number(struct hc_str s, struct value_number *number)
{
    int sign = value_take_sign(&s);
    size_t n = 0, first = 0, points = 0;

    while (n < s.n && (value_is_digit(s.p[n]) || s.p[n] == '.'))
        points += s.p[n++] == '.';
    if (points > 1 || n == points ||
        !value_get_exponent(hc_str_from(s, n), &number->top))
        return false;
    s.n = n;
    while (first < n && value_is_among(s.p[first], "0."))
        first++;

    size_t point = hc_str_find(s, '.');

    number->sign = first < n ? sign : 0;
    number->digits = hc_str_from(s, first);
    number->top += (int64_t)point - (int64_t)first + (first > point);
    return true;
}

/* Off the front; 0 for ever after the last. */
static int value_next_digit(struct hc_str *digits)
{
    if (digits->n > 0 && digits->p[0] == '.')
        *digits = hc_str_from(*digits, 1);

    int digit = digits->n > 0 ? digits->p[0] - '0' : 0;

    *digits = hc_str_from(*digits, 1);
    return digit;
}

static int value_number_cmp(struct value_number a, struct value_number b)
{
    int order = (a.top > b.top) - (a.top < b.top);

    if (a.sign != b.sign || a.sign == 0)
        return a.sign - b.sign;
    while (order == 0 && (a.digits.n > 0 || b.digits.n > 0))
        order = value_next_digit(&a.digits) - value_next_digit(&b.digits);
    return a.sign * order;
}

int hc_query_value_cmp(struct hc_str a, struct hc_str b)
{
    struct value_number x, y;

    if (value_get_number(a, &x) && value_get_number(b, &y))
        return value_number_cmp(x, y);
    return hc_str_cmp(a, b);
}

/* "1", "1.20.3": digits between points. */
bool hc_query_is_version(struct hc_str s)
{
    bool digit = false;

    for (size_t i = 0; i < s.n; i++) {
        if (!value_is_digit(s.p[i]) && !(digit && s.p[i] == '.'))
            return false;
        digit = s.p[i] != '.';
    }
    return digit;
}

int hc_query_version_cmp(struct hc_str a, struct hc_str b)
{
    int order = 0;

    while (order == 0 && a.n > 0 && b.n > 0) {
        struct hc_str x = hc_str_cut(&a, '.');

        order = hc_query_value_cmp(x, hc_str_cut(&b, '.'));
    }
    return order != 0 ? order : (a.n > 0) - (b.n > 0);
}

bool hc_query_is_integer(struct hc_str s)
{
    value_take_sign(&s);
    return hc_query_is_version(s) && hc_str_find(s, '.') == s.n;
}

bool hc_query_get_time(struct hc_str s, int64_t *wall)
{
    char whole[64];
    size_t n;

    if (hc_time_get_rfc3339(s, wall))
        return true;
    n = hc_fmt(whole, sizeof(whole), "%.*s%s", HC_STR_ARG(s),
               s.n == 10 ? "T00:00:00Z" : "Z");
    return s.n < n && hc_time_get_rfc3339(hc_str_n(whole, n), wall);
}
