/* base/clock.c - the clocks, arithmetic of times, and the date texts of AWS
 * and HTTP.
 *
 * The proleptic Gregorian calendar, days counted from 1970-01-01; no time
 * zone database, no locale, no libc.
 */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

#define CLOCK_DAY ((int64_t)86400)
#define CLOCK_FIRST (-(int64_t)62135596800 * HC_SECOND)      /* year 1    */
#define CLOCK_LAST ((int64_t)253402300800 * HC_SECOND - 1)   /* year 9999 */

struct clock_civil {
    int64_t year;
    unsigned month, day, hour, minute, second;   /* month, day from 1 */
};

static int64_t clock_read(clockid_t id)
{
    struct timespec t = { 0 };

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * HC_SECOND + (int64_t)t.tv_nsec / 1000;
}

int64_t hc_clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t hc_clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t hc_time_add(int64_t a, int64_t d)
{
    if (a == HC_NEVER)
        return HC_NEVER;
    if (d > 0 && a > INT64_MAX - d)
        return HC_NEVER;
    if (d < 0 && a < INT64_MIN - d)
        return INT64_MIN;
    return a + d;
}

int64_t hc_time_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

const char *hc_time_span(char out[HC_TIME_SPAN], int64_t us)
{
    int64_t tenths = (us + 50 * HC_MS) / (100 * HC_MS);

    if (us < HC_SECOND)
        hc_fmt(out, HC_TIME_SPAN, "%lld ms", (long long)(us / HC_MS));
    else if (tenths % 10 == 0)
        hc_fmt(out, HC_TIME_SPAN, "%lld s", (long long)(tenths / 10));
    else
        hc_fmt(out, HC_TIME_SPAN, "%lld.%lld s", (long long)(tenths / 10),
               (long long)(tenths % 10));
    return out;
}

static int64_t clock_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days since 1970-01-01, and back in clock_civil_of.  Years begin in March
 * here, so that the leap day is the last day of a year; 400 years (an era)
 * have 146097 days, and 719468 days lie between 0000-03-01 and 1970-01-01. */
static int64_t clock_days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = clock_floor_div(y, 400);
    int64_t of_era = y - era * 400;
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    int64_t of_year = (153 * from_march + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static struct clock_civil clock_civil_of(int64_t seconds)
{
    struct clock_civil c;
    int64_t days = clock_floor_div(seconds, CLOCK_DAY);
    unsigned left = (unsigned)(seconds - days * CLOCK_DAY);

    days += 719468;

    int64_t era = clock_floor_div(days, 146097);
    int64_t d = days - era * 146097;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t of_year = d - (365 * y + y / 4 - y / 100);
    int64_t from_march = (5 * of_year + 2) / 153;

    c.day = (unsigned)(of_year - (153 * from_march + 2) / 5 + 1);
    c.month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
    c.year = y + era * 400 + (c.month <= 2 ? 1 : 0);
    c.hour = left / 3600;
    c.minute = left / 60 % 60;
    c.second = left % 60;
    return c;
}

static int64_t clock_clamp(int64_t wall)
{
    if (wall < CLOCK_FIRST)
        return CLOCK_FIRST;
    return wall > CLOCK_LAST ? CLOCK_LAST : wall;
}

/* Exactly n digits; after clock_clamp four are enough for a year. */
static char *clock_put_digits(char *out, unsigned v, unsigned n)
{
    for (unsigned i = n; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return out + n;
}

void hc_time_amz(char out[HC_AMZ_DATE + 1], int64_t wall)
{
    int64_t seconds = clock_floor_div(clock_clamp(wall), HC_SECOND);
    struct clock_civil c = clock_civil_of(seconds);
    char *p = clock_put_digits(out, (unsigned)c.year, 4);

    p = clock_put_digits(p, c.month, 2);
    p = clock_put_digits(p, c.day, 2);
    *p++ = 'T';
    p = clock_put_digits(p, c.hour, 2);
    p = clock_put_digits(p, c.minute, 2);
    p = clock_put_digits(p, c.second, 2);
    *p++ = 'Z';
    *p = '\0';
}

void hc_time_rfc3339(char out[HC_RFC3339 + 1], int64_t wall)
{
    int64_t seconds = clock_floor_div(clock_clamp(wall), HC_SECOND);
    int64_t us = clock_clamp(wall) - seconds * HC_SECOND;
    struct clock_civil c = clock_civil_of(seconds);

    memcpy(out, "0000-00-00T00:00:00.000Z", HC_RFC3339 + 1);
    clock_put_digits(out, (unsigned)c.year, 4);
    clock_put_digits(out + 5, c.month, 2);
    clock_put_digits(out + 8, c.day, 2);
    clock_put_digits(out + 11, c.hour, 2);
    clock_put_digits(out + 14, c.minute, 2);
    clock_put_digits(out + 17, c.second, 2);
    clock_put_digits(out + 20, (unsigned)(us / HC_MS), 3);
}

/* ---- texts back to times ---- */

static bool clock_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly n digits off the front of *s, at most `max`. */
static bool clock_get_digits(struct hc_str *s, size_t n, unsigned max,
                             unsigned *v)
{
    *v = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!clock_is_digit(s->p[i]))
            return false;
        *v = *v * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = hc_str_from(*s, n);
    return *v <= max;
}

static bool clock_get_char(struct hc_str *s, char c)
{
    if (s->n == 0 || hc_lower(s->p[0]) != c)
        return false;
    *s = hc_str_from(*s, 1);
    return true;
}

/* One digit or more; digits below a microsecond are dropped. */
static bool clock_get_fraction(struct hc_str *s, int64_t *us)
{
    int64_t unit = HC_SECOND / 10;
    size_t n = 0;

    for (*us = 0; n < s->n && clock_is_digit(s->p[n]); n++, unit /= 10)
        *us += (s->p[n] - '0') * unit;
    *s = hc_str_from(*s, n);
    return n > 0;
}

static unsigned clock_days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
                                          31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

static bool clock_wall_of(const struct clock_civil *c, int64_t *wall)
{
    if (c->year < 1 || c->month < 1 || c->day < 1 ||
        c->day > clock_days_in((unsigned)c->year, c->month))
        return false;
    *wall = (clock_days_of(c->year, c->month, c->day) * CLOCK_DAY +
             (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second) *
            HC_SECOND;
    return true;
}

/* HH:MM:SS; 60 is a leap second (RFC 3339, 5.7). */
static bool clock_get_time_of_day(struct hc_str *s, struct clock_civil *c)
{
    return clock_get_digits(s, 2, 23, &c->hour) && clock_get_char(s, ':') &&
           clock_get_digits(s, 2, 59, &c->minute) && clock_get_char(s, ':') &&
           clock_get_digits(s, 2, 60, &c->second);
}

static bool clock_get_date(struct hc_str *s, struct clock_civil *c)
{
    unsigned year;

    if (!clock_get_digits(s, 4, 9999, &year) || !clock_get_char(s, '-') ||
        !clock_get_digits(s, 2, 12, &c->month) || !clock_get_char(s, '-') ||
        !clock_get_digits(s, 2, 31, &c->day))
        return false;
    c->year = year;
    return true;
}

/* "Z", "+HH:MM" or "-HH:MM": some providers of credentials write +00:00. */
static bool clock_get_offset(struct hc_str *s, int64_t *us)
{
    unsigned hours, minutes;
    bool minus = s->n > 0 && s->p[0] == '-';

    *us = 0;
    if (clock_get_char(s, 'z'))
        return true;
    if (!minus && !(s->n > 0 && s->p[0] == '+'))
        return false;
    *s = hc_str_from(*s, 1);
    if (!clock_get_digits(s, 2, 23, &hours) || !clock_get_char(s, ':') ||
        !clock_get_digits(s, 2, 59, &minutes))
        return false;
    *us = ((int64_t)hours * 3600 + (int64_t)minutes * 60) * HC_SECOND;
    if (minus)
        *us = -*us;
    return true;
}

bool hc_time_get_rfc3339(struct hc_str s, int64_t *wall)
{
    struct clock_civil c;
    int64_t us = 0, offset, seconds;

    if (!clock_get_date(&s, &c) || !clock_get_char(&s, 't') ||
        !clock_get_time_of_day(&s, &c))
        return false;
    if (clock_get_char(&s, '.') && !clock_get_fraction(&s, &us))
        return false;
    if (!clock_get_offset(&s, &offset) || s.n > 0 ||
        !clock_wall_of(&c, &seconds))
        return false;
    *wall = seconds + us - offset;
    return true;
}

/* The index of the three letters at the front of *s in `names`. */
static bool clock_get_name(struct hc_str *s, const char *names, unsigned *index)
{
    for (unsigned i = 0; s->n >= 3 && names[(size_t)3 * i] != '\0'; i++)
        if (memcmp(s->p, names + (size_t)3 * i, 3) == 0) {
            *s = hc_str_from(*s, 3);
            *index = i;
            return true;
        }
    return false;
}

static bool clock_get_literal(struct hc_str *s, struct hc_str text)
{
    if (!hc_str_starts(*s, text))
        return false;
    *s = hc_str_from(*s, text.n);
    return true;
}

/* RFC 9110, 5.6.7.  The name of the day is one of seven; which one is not
 * checked against the date. */
bool hc_time_get_http(struct hc_str s, int64_t *wall)
{
    struct clock_civil c;
    unsigned day, month, year;

    if (!clock_get_name(&s, "SunMonTueWedThuFriSat", &day) ||
        !clock_get_literal(&s, HC_STR(", ")) ||
        !clock_get_digits(&s, 2, 31, &c.day) ||
        !clock_get_literal(&s, HC_STR(" ")) ||
        !clock_get_name(&s, "JanFebMarAprMayJunJulAugSepOctNovDec", &month) ||
        !clock_get_literal(&s, HC_STR(" ")) ||
        !clock_get_digits(&s, 4, 9999, &year) ||
        !clock_get_literal(&s, HC_STR(" ")) || !clock_get_time_of_day(&s, &c) ||
        !hc_str_eq(s, HC_STR(" GMT")))
        return false;
    c.month = month + 1;
    c.year = year;
    return clock_wall_of(&c, wall);
}

/* Reads "12.5" as n = 125 and power = 5: n times ten to that power is the time
 * in microseconds.  Digits that do not fit into n any more only raise the
 * power.  Returns how many bytes were read. */
static size_t clock_get_mantissa(struct hc_str s, int64_t *n, int *power)
{
    bool point = false;
    size_t i = 0;

    *n = 0;
    *power = 6;
    for (; i < s.n && (s.p[i] == '.' || clock_is_digit(s.p[i])); i++) {
        bool taken = s.p[i] != '.' && *n < INT64_MAX / 100;

        point |= s.p[i] == '.';
        if (taken)
            *n = *n * 10 + (s.p[i] - '0');
        if (s.p[i] != '.')
            *power += (taken ? 0 : 1) - (point ? 1 : 0);
    }
    return i;
}

static bool clock_get_exponent(struct hc_str s, int *exponent)
{
    bool minus = s.n > 1 && s.p[1] == '-';
    size_t i = s.n > 1 && (minus || s.p[1] == '+') ? 2 : 1;

    if (i >= s.n || (s.p[0] != 'e' && s.p[0] != 'E'))
        return s.n == 0;
    for (; i < s.n && clock_is_digit(s.p[i]) && *exponent < 100; i++)
        *exponent = *exponent * 10 + (s.p[i] - '0');
    if (minus)
        *exponent = -*exponent;
    return i == s.n;
}

bool hc_time_get_epoch(struct hc_str s, int64_t *wall)
{
    int power = 0, exponent = 0;
    int64_t n;
    size_t read = clock_get_mantissa(s, &n, &power);

    if (read == 0 || !clock_get_exponent(hc_str_from(s, read), &exponent))
        return false;
    power += exponent;
    for (; power < 0 && n > 0; power++)
        n /= 10;
    /* n stops one above CLOCK_LAST, so no exponent makes it overflow. */
    for (; power > 0 && n <= CLOCK_LAST; power--)
        n = n > CLOCK_LAST / 10 ? CLOCK_LAST + 1 : n * 10;
    *wall = n;
    return n <= CLOCK_LAST;
}
