/* tests/aws/ini_test.c - the files that AWS's tools share: what their lines
 * mean, what both say together, and which faults count when. */
#include "t.h"

#include <string.h>

#include "aws/ini.h"
#include "base/text.h"

#define CONFIG "/h/.aws/config"
#define CREDENTIALS "/h/.aws/credentials"

/* ---- what was read, in one line ---- */

struct shown {
    char text[1024];
    size_t n;
};

static void show(struct shown *out, struct hc_str s)
{
    for (size_t i = 0; i < s.n && out->n + 1 < sizeof out->text; i++)
        out->text[out->n++] = s.p[i] == '\n' ? '|' : s.p[i];
    out->text[out->n] = '\0';
}

static void show_z(struct shown *out, const char *z)
{
    show(out, hc_str(z));
}

static void show_space(struct shown *out)
{
    if (out->n > 0 && out->text[out->n - 1] != '{')
        show_z(out, " ");
}

static void show_line(struct shown *out, const char *mark, size_t line)
{
    char digits[24];

    hc_fmt(digits, sizeof digits, "%s%zu", mark, line);
    show_z(out, digits);
}

static void show_item(struct shown *out, const struct hc_ini_item *item)
{
    show_space(out);
    show(out, item->key);
    if (item->nested == NULL) {
        show_z(out, "=");
        show(out, item->value);
        return;
    }
    show_z(out, "{");
    for (const struct hc_ini_item *i = item->nested; i != NULL; i = i->next)
        if (hc_ini_find_nested(item, i->key) == i)
            show_item(out, i);
    show_z(out, "}");
}

static bool comes_before(const struct hc_ini *ini,
                         const struct hc_ini_section *s)
{
    const struct hc_ini_section *i = ini->sections;

    while (i != s && !(i->kind == s->kind && hc_str_eq(i->name, s->name)))
        i = i->next;
    return i != s;
}

/* "name{key=value key{nested=value}}", as the union has it; "?LINE" behind a
 * name: a fault of the section. */
static void show_section(struct shown *out, const struct hc_ini *ini,
                         const struct hc_ini_section *s)
{
    static const char *const words[] = { "", "sso-session ", "services " };
    struct hc_ini_view v = { ini, s->kind, s->name };

    if (s->kind == INI_OTHER || comes_before(ini, s))
        return;
    show_space(out);
    show_z(out, words[s->kind]);
    show(out, s->name);
    for (const struct hc_ini_section *i = s; i != NULL; i = i->next)
        if (i->kind == s->kind && hc_str_eq(i->name, s->name) &&
            i->wrong != NULL)
            show_line(out, "?", i->wrong_line);
    show_z(out, "{");
    for (const struct hc_ini_section *i = s; i != NULL; i = i->next)
        if (i->kind == s->kind && hc_str_eq(i->name, s->name))
            for (const struct hc_ini_item *k = i->items; k != NULL; k = k->next)
                if (hc_ini_find(&v, k->key) == k)
                    show_item(out, k);
    show_z(out, "}");
}

/* "!LINE" comes first: a fault of the file. */
static void show_all(struct shown *out, const struct hc_ini *ini)
{
    for (size_t i = 0; i < HC_INI_FILES; i++)
        if (ini->source[i].wrong != NULL)
            show_line(out, "!", ini->source[i].wrong_line);
    for (const struct hc_ini_section *s = ini->sections; s != NULL; s = s->next)
        show_section(out, ini, s);
}

static void read_one(struct hc_ini *ini, enum hc_ini_file file,
                     struct hc_str text)
{
    const char *path = file == INI_CONFIG ? CONFIG : CREDENTIALS;
    char *guarded = t_guard(text.p, text.n);

    CHECK_INT(hc_ini_read(ini, file, path, hc_str_n(guarded, text.n)), 0);
}

static void read_both(struct hc_ini *ini, const char *config,
                      const char *credentials)
{
    hc_ini_init(ini, t_alloc());
    if (config != NULL)
        read_one(ini, INI_CONFIG, hc_str(config));
    if (credentials != NULL)
        read_one(ini, INI_CREDENTIALS, hc_str(credentials));
}

struct row {
    int number;                    /* of the vector; 0: one of our own       */
    const char *config, *credentials, *want;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct hc_ini ini;
        struct shown got = { .n = 0 };

        show_line(&got, "row ", i);
        show_line(&got, ", vector ", (size_t)rows[i].number);
        show_z(&got, ": {");
        struct shown want = got;

        show_z(&want, rows[i].want);
        read_both(&ini, rows[i].config, rows[i].credentials);
        show_all(&got, &ini);
        hc_ini_fini(&ini);
        CHECK_Z(got.text, want.text);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

/* ---- the grammar ---- */

#define P "[profile d]\n"

TEST(ini, the_forty_vectors)
{
    /* From runs of four of AWS's own SDKs.  "|" is a line end in a value. */
    static const struct row rows[] = {
        { 1, P "region = r1", NULL, "d{region=r1}" },
        { 2, "[d]\nregion = r1", NULL, "" },
        { 3, NULL, "[profile d]\nk = v", "" },
        { 4, "[default]\nregion=r1\noutput=j\n[profile default]\nregion=r2",
          NULL, "default{region=r2}" },
        { 5, "[profile default]\nregion=r2\n[default]\nregion=r1\noutput=j",
          NULL, "default{region=r2}" },
        { 6, P "a=1\n" P "b=2", NULL, "d{a=1 b=2}" },
        { 7, P "A=1\na=2", NULL, "d{a=2}" },
        { 8, "[PROFILE d]\na=1\n[profile D]\na=2", NULL, "D{a=2}" },
        { 9, "[profile \"my d\"]\na=1", NULL, "my d{a=1}" },
        { 10, "[profile my d]\na=1", NULL, "" },
        { 11, "[ profile \t d ]\na=1", NULL, "d{a=1}" },
        { 12, "[profile d]# x\na=1", NULL, "d{a=1}" },
        { 13, P "a = 1 # x\nb = 2;y", NULL, "d{a=1 b=2;y}" },
        { 14, P "  # x\na=1\n ; y\nb=2", NULL, "d{a=1 b=2}" },
        { 15, P "a=x#y\tz\t;c", NULL, "d{a=x#y\tz}" },
        { 16, "[profile d]\r\na = 1\r\nb=2\r\n", NULL, "d{a=1 b=2}" },
        { 17, "\xEF\xBB\xBF" P "a=1", NULL, "d{a=1}" },
        { 18, P "a = \"1\"", NULL, "d{a=\"1\"}" },
        { 19, P "a = x\n  y z\nb=1", NULL, "d{a=x|y z b=1}" },
        { 20, P "s3 =\n  U = 1\n\n  # c\n  v = 2 # x\nb=1", NULL,
          "d{s3{u=1 v=2 # x} b=1}" },
        { 21, P "  a = 1\n  b = 2\n   c", NULL, "d{a=1 b=2|c}" },
        { 22, "a=0\n" P "a=1", NULL, "!1 d{a=1}" },
        { 23, P "a 1\nb=2", NULL, "d?2{b=2}" },
        { 24, P "a : 1", NULL, "d{a=1}" },
        { 25, P "= 1", NULL, "d?2{}" },
        { 26, P "a =\nb=2", NULL, "d{b=2}" },
        { 27, "[default]\na=1\n[profile d\na=2", NULL, "!3 default{a=1}" },
        { 28, P "a=1\n  [profile e]\na=2", NULL, "!3 d{a=1}" },
        { 29, "[profile d]x\na=1", NULL, "!1" },
        { 30, P "a=1", "[d]\na=2", "d{a=2}" },
        { 31, "[sso-session s]\nk=v", "[sso-session t]\nk=v",
          "sso-session s{k=v}" },
        { 32, "[services s]\necs =\n  endpoint_url = u", NULL,
          "services s{ecs{endpoint_url=u}}" },
        { 33, P "a=x%1${H}=y", NULL, "d{a=x%1${H}=y}" },
        /* 34, a NUL: below */
        { 35, "[profile  ]\na=1", NULL, "" },
        { 36, P "source_profile = e\n  role_arn = x", NULL,
          "d{source_profile=e|role_arn = x}" },
        { 37, NULL, "[d]\nid=A\n[d]\nse=S", "d{id=A se=S}" },
        { 38, P "a = # x", NULL, "d{}" },
        { 39, P "s3 =\na = b", NULL, "d{a=b}" },
        { 40, P "a=1", NULL, "d{a=1}" },
    };

    CHECK_ROWS(rows);
}

TEST(ini, sections_and_their_names)
{
    static const struct row rows[] = {
        { 0, NULL, NULL, "" }, { 0, "", "", "" },
        { 0, "\n\n# c\n; c\n  # c\n\t\n", "\n", "" },
        { 0, "[default]", NULL, "default{}" },
        { 0, "[]\na=1\n[ ]\na=1", "[]\na=1\n[ ]\na=1", "" },
        { 0, "[DEFAULT]\na=1\n[plugins]\na 1\n= 2\n[profiled]\na=1", NULL,
          "" },
        { 0, "[profile 'my d']\na=1", "[my d]\nb=2", "my d{a=1 b=2}" },
        { 0, "[profile \"d']\na=1", NULL, "\"d'{a=1}" },
        { 0, "[profile \"d\" \"e\"]\na=1\n[profile '']\na=1", NULL, "" },
        { 0, "[profile\td]\t; [x]\na=1", NULL, "d{a=1}" },
        { 0, "[profile a/b@c:d#e;f=\xC3\xA4]\na=1", NULL,
          "a/b@c:d#e;f=\xC3\xA4{a=1}" },
        { 0, "[profile d]]\na=1", NULL, "!1" },
        { 0, "[\na=1", NULL, "!1" }, { 0, "[", NULL, "!1" },
        { 0, " [profile d]\na=1\n[profile e]\nb=2", NULL, "!1 e{b=2}" },
        { 0, "[services s]\na=1\n[sso-session s]\na=2\n[profile s]\na=3",
          NULL, "services s{a=1} sso-session s{a=2} s{a=3}" },
        { 0, NULL, "[ x y ]\na=1\n[profile]\nb=1\n[services x]\nc=1",
          "x y{a=1} profile{b=1}" },
        { 0, NULL, "['d']\na=1\n[DEFAULT]\nb=1", "'d'{a=1} DEFAULT{b=1}" },
        /* [profile default] of config leaves the other file alone */
        { 0, "[default]\na=1\nwrong\n[profile default]\nb=2",
          "[default]\nc=3", "default{b=2 c=3}" },
        { 0, P "x=1\n[profile \"d\"]\ny=2", NULL, "d{x=1 y=2}" },
    };

    CHECK_ROWS(rows);
}

TEST(ini, lines_and_their_values)
{
    static const struct row rows[] = {
        { 0, P "a:=1\nb=:2\nc=d=e:f", NULL, "d{a==1 b=:2 c=d=e:f}" },
        { 0, P "a = 1 #x ;y\nb=2 ;c=3", NULL, "d{a=1 b=2}" },
        { 0, P "a # = 1", NULL, "d?2{}" }, { 0, P ":", NULL, "d?2{}" },
        { 0, P "a=\xFF\xFE\nb=\xC0", NULL, "d{a=\xFF\xFE b=\xC0}" },
        /* more of a value */
        { 0, P "a = x # c\n  y # z\n\n # c\n\tw\nb=1", NULL,
          "d{a=x|y # z|w b=1}" },
        { 0, P "\ta=1\n\t b\n\tc=2\n d=3", NULL, "d{a=1|b c=2 d=3}" },
        { 0, P "a=1\n" P "  b=2", NULL, "d{a=1 b=2}" },
        { 0, P "  wrong\n    a=1", NULL, "d?2{a=1}" },
        { 0, P "a=1\r\n  b\r\n  c", NULL, "d{a=1|b|c}" },
        /* blocks */
        { 0, P "s= # c\n  a=\n  b = x:y\n    C = d", NULL, "d{s{b=x:y c=d}}" },
        { 0, P "s=\n  a=1\n  A=2", NULL, "d{s{a=2}}" },
        { 0, P "s=\n  a:1\nb=1", NULL, "d?3{b=1}" },
        { 0, P "s=\n  =1\nb=1", NULL, "d?3{b=1}" },
        { 0, P "s=\n  a=1\ns=2", NULL, "d{s=2}" },
        { 0, P "s=1\ns=\n  a=1", NULL, "d{s{a=1}}" },
        /* the last counts, the credentials file before config; an empty
         * value hides those that it wins over */
        { 0, P "a=1\na=", NULL, "d{}" },
        { 0, P "a=1\nb=1", "[d]\na=\nB=2", "d{b=2}" },
        /* the first fault is told */
        { 0, P "x\ny\n[oops\n[oops", NULL, "!4 d?2{}" },
        { 0, "x\n\n[oops", "y", "!1!1" },
        { 0, "[oops\nsecret = s\n", NULL, "!1" },
    };

    CHECK_ROWS(rows);
}

TEST(ini, a_nul_is_a_fault_of_the_file_wherever_it_stands)
{
    static const struct { struct hc_str text; const char *want; } rows[] = {
        { { "[profile d]\na=1\0", 16 }, "!2 d{}" },
        { { "# \0\n[profile d]\na=1", 19 }, "!1 d{a=1}" },
        { { "[dev]\n\0\n", 8 }, "!2" },
        { { "\0", 1 }, "!1" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hc_ini ini;
        struct shown got = { .n = 0 };

        hc_ini_init(&ini, t_alloc());
        read_one(&ini, INI_CONFIG, rows[i].text);
        show_all(&got, &ini);
        hc_ini_fini(&ini);
        CHECK_Z(got.text, rows[i].want);
    }
}

TEST(ini, a_cr_is_text_unless_the_line_ends_behind_it)
{
    struct hc_ini ini;
    struct hc_ini_view v;

    read_both(&ini, P "a=1\r2\r\r\nb=3\r", NULL);
    CHECK_INT(hc_ini_open(&ini, INI_PROFILE, HC_STR("d"), &v, NULL), 1);
    CHECK_STR(hc_ini_find(&v, HC_STR("a"))->value, "1\r2\r");
    CHECK_STR(hc_ini_find(&v, HC_STR("b"))->value, "3");
    hc_ini_fini(&ini);
}

TEST(ini, one_byte_order_mark_is_dropped_and_no_second)
{
    struct hc_ini ini;
    struct shown got = { .n = 0 };

    read_both(&ini, "\xEF\xBB\xBF\xEF\xBB\xBF" P "a=1", "\xEF\xBB");
    show_all(&got, &ini);
    hc_ini_fini(&ini);
    CHECK_Z(got.text, "!1!1");
}

/* ---- faults ---- */

/* What opening a name says: "1", "0", or the error. */
static const char *opened(struct hc_ini *ini, enum hc_ini_kind kind,
                          const char *name, struct headcount_error *e)
{
    struct hc_ini_view v;
    int got = hc_ini_open(ini, kind, hc_str(name), &v, e);

    CHECK(got >= 0 || (got == HEADCOUNT_ECONFIG && e->code == got));
    return got < 0 ? e->what : got == 1 ? "1" : "0";
}

TEST(ini, a_fault_counts_only_for_the_section_that_is_used)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;

    read_both(&ini, P "hush\n[profile e]\na=1\n[sso-session d]\n",
              "[e]\nb=1\n[f]\n= hush\n[f]\n");
    CHECK_INT(hc_ini_check(&ini, &e), 0);
    CHECK_Z(opened(&ini, INI_PROFILE, "e", &e), "1");
    CHECK_Z(opened(&ini, INI_SSO_SESSION, "d", &e), "1");
    CHECK_Z(opened(&ini, INI_SSO_SESSION, "e", &e), "0");
    CHECK_Z(opened(&ini, INI_PROFILE, "E", &e), "0");
    CHECK_Z(opened(&ini, INI_PROFILE, "d", &e),
            CONFIG ":2: this line is no setting such as region = eu-west-1");
    hc_error_reset(&e);
    CHECK_Z(opened(&ini, INI_PROFILE, "f", &e),
            CREDENTIALS ":4: this line is no setting such as region = "
                        "eu-west-1");
    hc_ini_fini(&ini);
}

TEST(ini, a_file_with_a_fault_gives_nothing_and_its_error_no_text_of_it)
{
    static const struct { const char *text, *want; } rows[] = {
        { "[x]\n [hush]", ":2: blanks stand before the [ of a section" },
        { "[hush", ":1: the name of a section has no ] at its end" },
        { "[x] hush", ":1: something follows the ] of a section" },
        { "\n\nhush", ":3: this line stands before the first section" },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        struct headcount_error e = { .code = 0 };
        struct hc_ini ini;
        char want[200];

        read_both(&ini, i % 2 ? P : rows[i / 2].text,
                  i % 2 ? rows[i / 2].text : "[d]\n");
        hc_fmt(want, sizeof want, "%s%s", i % 2 ? CREDENTIALS : CONFIG,
               rows[i / 2].want);
        CHECK_Z(opened(&ini, INI_PROFILE, "d", &e), want);
        CHECK(strstr(e.what, "hush") == NULL);
        CHECK_INT(hc_ini_check(&ini, NULL), HEADCOUNT_ECONFIG);
        hc_ini_fini(&ini);
    }
}

TEST(ini, a_file_that_cannot_be_read_is_told_once_something_is_needed)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;

    read_both(&ini, P "a=1", NULL);
    CHECK_INT(hc_ini_refuse(&ini, INI_CREDENTIALS, CREDENTIALS,
                            HC_STR("cannot read /h/x: is a directory")), 0);
    CHECK_Z(opened(&ini, INI_PROFILE, "d", &e),
            "cannot read /h/x: is a directory");
    hc_ini_fini(&ini);
}

TEST(ini, a_long_path_is_cut_in_an_error)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;
    char path[400];

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    hc_ini_init(&ini, t_alloc());
    CHECK_INT(hc_ini_read(&ini, INI_CONFIG, path, HC_STR("x")), 0);
    CHECK_INT(hc_ini_check(&ini, &e), HEADCOUNT_ECONFIG);
    CHECK_Z(e.what + 160, ":1: this line stands before the first section");
    hc_ini_fini(&ini);
}

/* ---- a name that is not there ---- */

static void check_missing(const char *config, const char *credentials,
                          enum hc_ini_kind kind, const char *name,
                          const char *want)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;

    read_both(&ini, config, credentials);
    CHECK_Z(opened(&ini, kind, name, &e), "0");
    CHECK_INT(hc_ini_missing(&ini, kind, hc_str(name), &e), HEADCOUNT_ECONFIG);
    CHECK_Z(e.what, want);
    hc_ini_fini(&ini);
}

TEST(ini, a_missing_name_is_told_with_its_spelling_or_with_those_there_are)
{
    check_missing("[x]\n\n[d]", NULL, INI_PROFILE, "d",
                  CONFIG ":3: AWS's tools ignore this section: in config it "
                  "needs the word profile, as in [profile d]");
    check_missing("[profile my d]", NULL, INI_PROFILE, "my d",
                  CONFIG ":1: AWS's tools ignore this section: in config it "
                  "needs the word profile, as in [profile \"my d\"]");
    check_missing("[corp]", NULL, INI_SSO_SESSION, "corp",
                  CONFIG ":1: AWS's tools ignore this section: in config it "
                  "needs the word sso-session, as in [sso-session corp]");
    check_missing(NULL, "[profile d]", INI_PROFILE, "d",
                  CREDENTIALS ":1: this file has profiles only, without the "
                  "word profile: AWS's tools ignore the section");
    check_missing(P "[profile e]\n" P, "[f]\n[d]", INI_PROFILE, "x",
                  "the files of ~/.aws have no profile `x`; there are: "
                  "d, e, f");
    check_missing(P, NULL, INI_SERVICES, "x", "the files of ~/.aws have no "
                  "services `x`; they have none");
    check_missing(NULL, "[1]\n[2]\n[3]\n[4]\n[5]\n[6]\n[7]\n[8]\n[1]\n[9]\n",
                  INI_PROFILE, "x", "the files of ~/.aws have no profile `x`; "
                  "there are: 1, 2, 3, 4, 5, 6, 7, 8, ...");
    check_missing("[default]\n[profile default]\n", NULL, INI_SSO_SESSION,
                  "default", "the files of ~/.aws have no sso-session "
                  "`default`; they have none");
}

TEST(ini, a_missing_name_is_told_with_the_files_that_are_missing)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;

    read_both(&ini, NULL, NULL);
    CHECK_INT(hc_ini_lacks(&ini, INI_CONFIG, "/h/.aws/config"), 0);
    hc_ini_missing(&ini, INI_PROFILE, HC_STR("x"), &e);
    CHECK_Z(e.what, "the files of ~/.aws have no profile `x`; they have none "
                    "(there is no /h/.aws/config)");
    CHECK_INT(hc_ini_lacks(&ini, INI_CREDENTIALS, "/h/c"), 0);
    hc_error_reset(&e);
    hc_ini_missing(&ini, INI_PROFILE, HC_STR("x"), &e);
    CHECK_Z(e.what, "the files of ~/.aws have no profile `x`; they have none "
                    "(there is no /h/.aws/config and no /h/c)");
    hc_error_reset(&e);
    hc_ini_missing(&ini, INI_SSO_SESSION, HC_STR("x"), &e);
    CHECK_Z(e.what, "the files of ~/.aws have no sso-session `x`; they have "
                    "none (there is no /h/.aws/config)");
    hc_ini_fini(&ini);
}

TEST(ini, long_names_fit_the_sentence)
{
    char long_name[300], text[310];
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;

    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    hc_fmt(text, sizeof text, "[%s]", long_name);
    read_both(&ini, NULL, text);
    long_name[290] = '\0';
    hc_ini_missing(&ini, INI_PROFILE, hc_str(long_name), &e);
    CHECK(strstr(e.what, "; there are: ...") != NULL);
    hc_ini_fini(&ini);
}

/* ---- values ---- */

static const char *text_of(struct hc_ini *ini, const char *key, bool lines)
{
    static char out[200];
    struct headcount_error e = { .code = 0 };
    struct hc_ini_view v;
    struct hc_str value;

    CHECK_INT(hc_ini_open(ini, INI_PROFILE, HC_STR("d"), &v, NULL), 1);
    int err = (lines ? hc_ini_lines : hc_ini_text)(
        ini, hc_ini_find(&v, hc_str(key)), &value, &e);

    CHECK(err == 0 || (err == HEADCOUNT_ECONFIG && value.n == 0));
    hc_fmt(out, sizeof out, "%.*s", HC_STR_ARG(err < 0 ? hc_str(e.what)
                                                       : value));
    return out;
}

TEST(ini, a_value_in_use_is_one_line_without_control_bytes)
{
    struct hc_ini ini;

    read_both(&ini, P "a=1\nsource_profile=e\n  role_arn = hush\n"
              "t=x\ty\nc=hu\rsh\nd=hu\x7fsh\ns=\n  x=hush\n"
              "f=hu\x01\n sh\n", "[d]\na=2\ne=x\n\ty\n");
    CHECK_Z(text_of(&ini, "a", false), "2");
    CHECK_Z(text_of(&ini, "none", false), "");
    CHECK_Z(text_of(&ini, "t", false), "x?y");
    CHECK_Z(text_of(&ini, "source_profile", false), CONFIG ":3: source_profile "
            "goes on in the next line, because that is indented more");
    CHECK_Z(text_of(&ini, "e", false), CREDENTIALS ":3: e goes on in the next "
            "line, because that is indented more");
    CHECK_Z(text_of(&ini, "e", true), "x?y");
    CHECK_Z(text_of(&ini, "c", false),
            CONFIG ":6: c has a control byte in its value");
    CHECK_Z(text_of(&ini, "d", true),
            CONFIG ":7: d has a control byte in its value");
    CHECK_Z(text_of(&ini, "f", true),
            CONFIG ":10: f has a control byte in its value");
    CHECK_Z(text_of(&ini, "s", false), CONFIG ":8: s has a block of settings "
            "below it instead of a value");
    hc_ini_fini(&ini);
}

TEST(ini, one_file_can_be_asked_alone)
{
    struct hc_str id = HC_STR("aws_access_key_id"), t = HC_STR("token");
    struct hc_ini ini;
    struct hc_ini_view v;

    read_both(&ini, P "aws_access_key_id=A1\ntoken=T1\n",
              "[d]\naws_access_key_id=A2\nempty=\n");
    CHECK_INT(hc_ini_open(&ini, INI_PROFILE, HC_STR("d"), &v, NULL), 1);
    CHECK_STR(hc_ini_find_in(&v, INI_CONFIG, id)->value, "A1");
    CHECK_STR(hc_ini_find_in(&v, INI_CREDENTIALS, id)->value, "A2");
    CHECK(hc_ini_find_in(&v, INI_CREDENTIALS, t) == NULL);
    CHECK(hc_ini_find_in(&v, INI_CREDENTIALS, HC_STR("empty")) == NULL);
    CHECK_STR(hc_ini_find(&v, t)->value, "T1");
    CHECK_INT(hc_ini_find(&v, t)->line, 3);
    CHECK(hc_ini_find_nested(NULL, t) == NULL);
    hc_ini_fini(&ini);
}

/* ---- memory and bounds ---- */

/* n copies of a line behind a section. */
static void put_lines(struct hc_buf *out, const char *line, size_t n)
{
    hc_buf_init(out, &hc_alloc_libc, 2 * HC_INI_MAX);
    hc_buf_text(out, P);
    for (size_t i = 0; i < n; i++)
        hc_buf_text(out, line);
    CHECK_INT(hc_buf_error(out), 0);
}

/* 0, or what is wrong with the file. */
static const char *wrong_of(struct hc_str text)
{
    static char out[sizeof((struct headcount_error *)0)->what];
    struct headcount_error e = { .code = 0 };
    struct hc_ini ini;
    int err, got;

    hc_ini_init(&ini, t_alloc());
    err = hc_ini_read(&ini, INI_CONFIG, CONFIG, text);
    got = err < 0 ? 0 : hc_ini_check(&ini, &e);
    hc_ini_fini(&ini);
    CHECK(err == 0 || t_is_doomed());
    hc_fmt(out, sizeof out, "%s", got < 0 ? e.what : "");
    return out;
}

TEST(ini, a_mebibyte_is_read_and_not_a_byte_more)
{
    struct hc_buf text;

    put_lines(&text, "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1\n",
              HC_INI_MAX / 54);
    while (text.n < HC_INI_MAX + 1)
        hc_buf_lit(&text, "#");
    const char *exact = wrong_of(hc_str_n(text.p, HC_INI_MAX));

    CHECK_Z(exact, "");
    CHECK_Z(wrong_of(hc_buf_view(&text)),
            CONFIG ": the file is longer than 1 MiB");
    hc_buf_fini(&text);
}

TEST(ini, a_file_has_so_many_settings_and_no_more)
{
    struct hc_buf text;

    put_lines(&text, "a=1\n", HC_INI_RECORDS - 1);
    CHECK_Z(wrong_of(hc_buf_view(&text)), "");
    hc_buf_lit(&text, "b=1\n[oops");
    CHECK_Z(wrong_of(hc_buf_view(&text)),
            CONFIG ":50001: the file has too many settings");
    hc_buf_fini(&text);
    put_lines(&text, "s=\n b=1\n", HC_INI_RECORDS / 2);
    CHECK_Z(wrong_of(hc_buf_view(&text)),
            CONFIG ":50001: the file has too many settings");
    hc_buf_fini(&text);
    put_lines(&text, "[d]\n", HC_INI_RECORDS);
    CHECK_Z(wrong_of(hc_buf_view(&text)),
            CONFIG ":50001: the file has too many settings");
    hc_buf_fini(&text);
}

static int read_with_failures(void)
{
    static const char config[] = P "a = hush\n  hush2\ns3 =\n  b = hush\n";
    static const char credentials[] = "[d]\nAWS_SECRET_ACCESS_KEY = hush\n";
    struct hc_ini ini;
    int err;

    hc_ini_init(&ini, t_alloc());
    err = hc_ini_read(&ini, INI_CONFIG, CONFIG,
                      hc_str_n(config, sizeof config - 1));
    if (err == 0)
        err = hc_ini_read(&ini, INI_CREDENTIALS, CREDENTIALS,
                          hc_str_n(credentials, sizeof credentials - 1));
    hc_ini_fini(&ini);
    return err;
}

static int refuse_with_failures(void)
{
    struct hc_ini ini;
    int err;

    hc_ini_init(&ini, t_alloc());
    err = hc_ini_refuse(&ini, INI_CONFIG, CONFIG, HC_STR("it is a directory"));
    hc_ini_fini(&ini);
    return err;
}

TEST(ini, each_allocation_may_fail_and_no_memory_keeps_a_secret)
{
    t_alloc_state()->secret = "hush";
    CHECK(t_fails_every_allocation(read_with_failures) >= 3);
    CHECK(!t_alloc_state()->unwiped);
    CHECK(t_fails_every_allocation(refuse_with_failures) >= 1);
}
