/* tests/aws/strike_test.c - what a text holds of a secret is struck out, in
 * whatever form and however much of it is there. */
#include "t.h"

#include <string.h>

#include "aws/strike.h"
#include "base/text.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE=="

static const char *struck(const char *text, const char *secret)
{
    static char out[1024];

    hc_fmt(out, sizeof out, "%s", text);
    hc_strike(out, hc_str(secret));
    return out;
}

TEST(strike, whole_and_in_pieces)
{
    static const struct { const char *text, *want; } rows[] = {
        { "", "" }, { "a sentence", "a sentence" },
        { SECRET, "***" }, { "a " SECRET " b", "a *** b" },
        { SECRET SECRET, "******" }, { "x" SECRET ".", "x***." },
        /* pieces of it: where it was cut, and where it was broken */
        { "token wJalrXUtnFEM", "token ***" },
        { "token wJal", "token ***" }, { "token wJa", "token wJa" },
        { "wJal is no end", "wJal is no end" },
        { "wJalrXUtnFE is not enough", "wJalrXUtnFE is not enough" },
        { "wJalrXUtnFEM is", "*** is" },
        { "..lrXUtnFEMI/K7MD..", "..***.." },
        { "lrXUtnFEMI/K\n7MDENG+bPxRf", "***?***" },
        { "ends in MPLE==", "ends in MPLE==" },
        { "ends in CYEXAMPLE==", "ends in CYEXAMPLE==" },
        { "ends in fiCYEXAMPLE==", "ends in ***" },
        /* other forms */
        { "wJalrXUtnFEMI\\/K7MDENG+bPxRfiCYEXAMPLE==", "***" },
        { "wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLE%3D%3D.", "***." },
        { "wJalrXUtnFEMI%2fK7MDENG%2bbPxRfiCYEXAMPLE%3d%3d.", "***." },
        { "wJalrXUtnFEMI/K7MDENG bPxRfiCYEXAMPLE==.", "***." },
        { "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE\\u003d\\u003D.", "***." },
        { "%77%4a%61%6C%72%58%55%74%6E%46%45%4d", "***" },
        /* and what only looks like one */
        { "wJalrXUtnFE%", "wJalrXUtnFE%" },
        { "100 % of wJal\\ and %2 and \\u00", "100 % of wJal\\ and %2 and "
          "\\u00" },
        { "WJALRXUTNFEMI/k7mdeng", "WJALRXUTNFEMI/k7mdeng" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_Z(struck(rows[i].text, SECRET), rows[i].want);
}

/* A header's value may have any byte but control characters. */
TEST(strike, bytes_that_are_no_ascii_are_as_others)
{
    CHECK_Z(struck("a \xff\xe4\xff\xe4\xff\xe4\xff\xe4.",
                   "\xff\xe4\xff\xe4\xff\xe4\xff\xe4"), "a ***.");
    CHECK_Z(struck("a %ff%E4%fF%e4\xff\\u00e4\\U00FF\xe4.",
                   "\xff\xe4\xff\xe4\xff\xe4\xff\xe4"), "a ***.");
    CHECK_Z(struck("%zz%zz%zz%zz%zz%zz%zz%zz%",
                   "\xff\xff\xff\xff\xff\xff\xff\xff"),
            "%zz%zz%zz%zz%zz%zz%zz%zz%");
}

TEST(strike, what_is_short_is_no_secret)
{
    CHECK_Z(struck("a test of test", "test"), "a test of test");
    CHECK_Z(struck("a test of test", ""), "a test of test");
    CHECK_Z(struck("a 1234567", "1234567"), "a 1234567");
    CHECK_Z(struck("a 12345678 b", "12345678"), "a *** b");
}

TEST(strike, both_of_an_identity_and_not_its_key_id)
{
    const struct hc_identity who = {
        HC_STR("AKIDEXAMPLEEXAMPLE"), HC_STR("the-secret-of-it"),
        HC_STR("the-token-of-it")
    };
    char text[] = "AKIDEXAMPLEEXAMPLE the-secret-of-it the-token-of-it";

    hc_strike_identity(text, NULL);
    CHECK_INT(text[19], 't');
    hc_strike_identity(text, &who);
    CHECK_Z(text, "AKIDEXAMPLEEXAMPLE *** ***");
}

TEST(strike, the_credentials_of_a_proxy)
{
    struct headcount_error e = { .code = 0 };
    struct hc_proxy proxy;
    char text[] = "Basic dTpodXNoaHVzaA== of http://p:1";

    hc_strike_proxy(text, NULL);
    if (hc_proxy_init(&proxy, t_alloc(), "http_proxy",
                      HC_STR("u:hushhush@p:1"), &e) < 0) {
        CHECK_INT(e.code, HEADCOUNT_ENOMEM);
        return;
    }
    hc_strike_proxy(text, &proxy);
    CHECK_Z(text, "Basic *** of http://p:1");
    hc_proxy_fini(&proxy);
}

/* Whatever is cut off a text with the secret in it, and wherever: no more of
 * it is left than a few bytes. */
TEST(strike, at_any_cut_at_most_a_few_bytes_are_left)
{
    const size_t n = sizeof SECRET - 1;
    char text[128];

    for (size_t from = 0; from < n; from++)
        for (size_t to = from; to <= n; to++) {
            hc_fmt(text, sizeof text, "%.*s", (int)(to - from), &SECRET[from]);
            hc_strike(text, HC_STR(SECRET));
            CHECK(strcmp(text, "***") == 0 || to - from < HC_STRIKE_PIECE);
            CHECK(from > 0 || to < HC_STRIKE_TAIL ||
                  strcmp(text, "***") == 0);
        }
}
