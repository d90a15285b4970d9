/* aws/strike.c - a secret struck out of a text (contract: aws/strike.h).
 *
 * Each place of the text is compared with those places of the secret that have
 * its byte, which memchr finds: that needs no memory, and no table to be wiped.
 */
#include "aws/strike.h"

#include <string.h>

#define STRIKE_MARK "***"

/* The byte that two hex digits say; -1: they are none. */
static int strike_hex(const char *t)
{
    int high = hc_hex_value(t[0]);
    int low = high < 0 ? -1 : hc_hex_value(t[1]);

    return low < 0 ? -1 : 16 * high + low;
}

/* The byte that \u00XX of JSON or %XX of a URL stands for; -1: `t` is none. */
static int strike_code(const char *t)
{
    if (*t == '\\' && hc_lower(t[1]) == 'u' && t[2] == '0' && t[3] == '0')
        return strike_hex(t + 4);
    return *t == '%' ? strike_hex(t + 1) : -1;
}

/* The byte after a backslash, or a plus for a blank; '\0' where it is neither.
 */
static char strike_other(const char *t)
{
    return *t == '\\' ? t[1] : *t == ' ' ? '+' : '\0';
}

/* How many bytes at the front of `t` stand for `c`: as it is, or in one of the
 * forms above. */
static size_t strike_one(const char *t, char c)
{
    if (c == '\0' || *t == c)
        return c != '\0';
    if (strike_other(t) == c)
        return *t == ' ' ? 1 : 2;
    return strike_code(t) == (unsigned char)c ? *t == '%' ? 3 : 6 : 0;
}

/* How many bytes at the front of `t` stand for a piece of the secret that
 * begins at `from` and is too long to be shown. */
static size_t strike_piece(const char *t, struct hc_str secret, size_t from)
{
    size_t said = 0, at = 0, n;

    while (from + said < secret.n &&
           (n = strike_one(t + at, secret.p[from + said])) > 0) {
        at += n;
        said++;
    }
    if (said >= HC_STRIKE_PIECE || said == secret.n)
        return at;
    return from == 0 && t[at] == '\0' && said >= HC_STRIKE_TAIL ? at : 0;
}

static size_t strike_most(const char *t, struct hc_str secret)
{
    const int bytes[] = { (unsigned char)*t, (unsigned char)strike_other(t),
                          strike_code(t) };
    size_t most = 0;

    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct hc_str rest = secret;
        const char *at;

        while (bytes[i] > 0 && rest.n > 0 &&
               (at = memchr(rest.p, bytes[i], rest.n)) != NULL) {
            size_t from = (size_t)(at - secret.p);
            size_t n = strike_piece(t, secret, from);

            if (n > most)
                most = n;
            rest = hc_str_from(secret, from + 1);
        }
    }
    return most;
}

void hc_strike(char *text, struct hc_str secret)
{
    char *to = text;
    size_t n;

    if (secret.n < HC_STRIKE_LEAST)
        return;
    while (*text != '\0') {
        n = strike_most(text, secret);
        if (n == 0) {
            *to++ = *text++;
            continue;
        }
        memcpy(to, STRIKE_MARK, sizeof STRIKE_MARK - 1);
        to += sizeof STRIKE_MARK - 1;
        text += n;
    }
    *to = '\0';
}

void hc_strike_identity(char *text, const struct hc_identity *who)
{
    if (who == NULL)
        return;
    hc_strike(text, who->secret);
    hc_strike(text, who->token);
}

void hc_strike_proxy(char *text, const struct hc_proxy *proxy)
{
    if (hc_proxy_is_secret(proxy))
        hc_strike(text, hc_str_from(hc_buf_view(&proxy->authorization),
                                    sizeof "Basic " - 1));
}
