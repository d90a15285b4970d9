/* aws/strike.c - a secret struck out of a text (contract: aws/strike.h).
 *
 * The texts are short (a sentence, an id), so each place of the text is
 * compared with each place of the secret: that needs no memory, and no table to
 * be wiped.
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

/* How many bytes at the front of `t` stand for `c`: as it is, after a
 * backslash, as \u00XX of JSON, as %XX of a URL, or as a blank for a plus. */
static size_t strike_one(const char *t, char c)
{
    if (c == '\0' || *t == c)
        return c != '\0';
    if (*t == '\\' && t[1] == c)
        return 2;
    if (*t == '\\' && hc_lower(t[1]) == 'u' && t[2] == '0' && t[3] == '0')
        return strike_hex(t + 4) == c ? 6 : 0;
    if (*t == '%')
        return strike_hex(t + 1) == c ? 3 : 0;
    return *t == ' ' && c == '+' ? 1 : 0;
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
    size_t most = 0;

    for (size_t from = 0; from < secret.n; from++) {
        size_t n = strike_piece(t, secret, from);

        if (n > most)
            most = n;
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
