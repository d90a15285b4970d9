/* tests/aws/profile_test.c - the settings of the profile `default`: which lines
 * are some, and which make a file that nobody may trust. */
#include "t.h"

#include <string.h>

#include "aws/profile.h"
#include "base/text.h"

/* "key=value@line ..." of a file; "!line" at its end where it is at fault. */
static const char *read_n(const char *text, size_t n, enum hc_profile_file file)
{
    static char out[1024];
    struct hc_profile p;
    struct hc_profile_setting s;
    size_t at = 0;
    int got;

    out[0] = '\0';
    hc_profile_init(&p, hc_str_n(t_guard(text, n), n), file);
    while ((got = hc_profile_next(&p, &s)) == 1)
        at += hc_fmt(out + at, sizeof out - at, "%s%.*s=%.*s@%zu",
                     at > 0 ? " " : "", HC_STR_ARG(s.key), HC_STR_ARG(s.value),
                     s.line);
    if (got < 0)
        hc_fmt(out + at, sizeof out - at, "!%zu", p.line);
    CHECK(got == 0 || (got == HEADCOUNT_ECONFIG && p.wrong != NULL));
    CHECK_INT(hc_profile_next(&p, &s), got);
    return out;
}

static const char *read_text(const char *text, enum hc_profile_file file)
{
    return read_n(text, strlen(text), file);
}

#define D "[default]\n"

TEST(profile, the_settings_of_config)
{
    static const struct { const char *text, *want; } rows[] = {
        { "", "" }, { "\n\n# c\n; c\n  # c\n", "" },
        { D "region = eu-west-1", "region=eu-west-1@2" },
        { D "A=1\na=2\n", "A=1@2 a=2@3" },
        { "\xEF\xBB\xBF" D "a=1", "a=1@2" },
        { "[default]\r\na = 1\r\n", "a=1@2" },
        { "[profile default]\na=1", "a=1@2" },
        { "[ profile \t default ]# x\na=1", "a=1@2" },
        { "[profile \"default\"] ; x\na=1", "a=1@2" },
        { "[profile 'default']\na=1", "a=1@2" },
        { "[DEFAULT]\na=1", "a=1@2" },
        { D "a=1\n[other]\na=2\n" D "b=3", "a=1@2 b=3@6" },
        /* other profiles, and what is none */
        { "[profile dev]\na=1\nno setting\n= 1\n", "" },
        { "[dev]\na=1", "" }, { "[profiledefault]\na=1", "" },
        { "[profile default x]\na=1", "" }, { "[Default]\na=1", "" },
        { "[profile \"default']\na=1", "" }, { "[profile ]\na=1", "" },
        { "[sso-session default]\na=1", "" }, { "[]\na=1", "" },
        { "[PROFILE default]\na=1", "" },
        /* values */
        { D "a : 1\nb:=2\nc=:3", "a=1@2 b==2@3 c=:3@4" },
        { D "a = 1 # x\nb = 2;y\nc = # z\nd=x#y\tz\t;c",
          "a=1@2 b=2;y@3 c=@4 d=x#y?z@5" },
        { D "a = \"1\"\n", "a=\"1\"@2" }, { D "a=b=c:d\n", "a=b=c:d@2" },
        /* more of a value, and settings of its own */
        { D "s3 =\n  role_arn = x\n\n  # c\n  b = 1\na=1", "s3=@2 a=1@7" },
        { D "a = x\n  y z\nb=1", "a=x@2 b=1@4" },
        { D "a = x\n  role_arn = y\n   c=1\nb=1",
          "a=x@2 role_arn=y@3 c=1@4 b=1@5" },
        { D "  a = 1\n  b = 2\n c = 3\n", "a=1@2 b=2@3 c=3@4" },
        { D "a=\n[default]\n  b=1\n", "a=@2 b=1@4" },
        /* faults of our section, and of the file */
        { D "a=1\nwrong\nb=2", "a=1@2!3" }, { D "= 1", "!2" },
        { D ": 1", "!2" }, { D "# x\n  x # = 1", "!3" },
        { D "s3 =\n  no setting", "s3=@2!3" },
        { "a=1\n" D, "!1" }, { "[profile dev\nrole_arn=x\n" D "a=1", "!1" },
        { D "a=1\n [profile e]\n", "a=1@2!3" }, { "[default]x\na=1", "!1" },
        { D "a=1\n[dev", "a=1@2!3" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_Z(read_text(rows[i].text, PROFILE_CONFIG), rows[i].want);
}

TEST(profile, of_the_credentials_file_a_section_is_a_mere_name)
{
    static const struct { const char *text, *want; } rows[] = {
        { D "a=1", "a=1@2" }, { "[ default ]\na=1", "a=1@2" },
        { "[DEFAULT]\na=1", "a=1@2" }, { "[profile default]\na=1", "" },
        { "[dev]\na=1", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_Z(read_text(rows[i].text, PROFILE_CREDENTIALS), rows[i].want);
}

TEST(profile, a_nul_is_a_fault_wherever_it_stands)
{
    CHECK_Z(read_n(D "a=1\0\n", 15, PROFILE_CONFIG), "!2");
    CHECK_Z(read_n("[dev]\n\0\n", 8, PROFILE_CONFIG), "!2");
    CHECK_Z(read_n("\0", 1, PROFILE_CREDENTIALS), "!1");
}
