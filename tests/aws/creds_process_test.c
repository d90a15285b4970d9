/* tests/aws/creds_process_test.c - credentials that a program prints: how its
 * command is split, and what comes of its output.  The programs are real. */
#include "aws/creds_process.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/user_agent.h"
#include "net/loop.h"
#include "t.h"

/* ---- words ---- */

static const char *wrong;

/* The words, each in [], one after the other. */
static int split(const char *command, size_t n, char *out, size_t cap)
{
    struct hc_buf text;
    size_t words[HC_CREDS_PROCESS_WORDS];
    size_t at = 0;

    wrong = NULL;
    hc_buf_init_secret(&text, t_alloc(), 4096);
    int got = hc_creds_process_words(hc_str_n(command, n), &text, words,
                                     &wrong);

    out[0] = '\0';
    for (int i = 0; i < got; i++)
        at += (size_t)snprintf(out + at, cap - at, "[%s]", text.p + words[i]);
    hc_buf_fini(&text);
    return got;
}

TEST(creds_process, a_command_has_the_words_that_python_s_shlex_makes)
{
    static const char *const rows[][2] = {
        { "a", "[a]" }, { " \t\r\na  b\n\tc\r", "[a][b][c]" },
        { "g\"h\"i", "[ghi]" }, { "'a b' \"c d\" e\\ f", "[a b][c d][e f]" },
        { "a '' \"\"", "[a][][]" }, { "''", "[]" }, { "a''b", "[ab]" },
        { "'a\\b'", "[a\\b]" }, { "'a\"b'", "[a\"b]" },
        { "\"a'b\"", "[a'b]" },
        { "\"a\\\"b\\\\c\\d\\'e\"", "[a\"b\\c\\d\\'e]" },
        { "a\\'b\\\"c\\\\d\\e", "[a'b\"c\\de]" }, { "a#b #c", "[a#b][#c]" },
        { "'$x' \"$x|\" \\$x", "[$x][$x|][$x]" }, { "a\\\nb", "[a\nb]" },
        { "a x=1 --y=2", "[a][x=1][--y=2]" }, { "'x'=1", "[x=1]" },
        { "/opt/x=1/run", "[/opt/x=1/run]" }, { "\\x=1", "[x=1]" },
        { "a ]{}!%^@+,:./-_", "[a][]{}!%^@+,:./-_]" },
        { "a\xC3\xA4 \xFF", "[a\xC3\xA4][\xFF]" },
        { "sh -c 'a | b > \"$c\"'", "[sh][-c][a | b > \"$c\"]" },
    };
    char out[256];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (split(rows[i][0], strlen(rows[i][0]), out, sizeof out) <= 0)
            fail_msg("%s: %s", rows[i][0], wrong);
        CHECK_Z(out, rows[i][1]);
        CHECK(wrong == NULL);
    }
}

static void refuses(const char *command, size_t n, const char *says)
{
    char out[256];

    CHECK_INT(split(command, n, out, sizeof out), HEADCOUNT_ECONFIG);
    if (wrong == NULL || strstr(wrong, says) == NULL)
        fail_msg("%s: %s", command, wrong != NULL ? wrong : "nothing");
}

TEST(creds_process, what_a_shell_would_understand_is_refused)
{
    static const char *const rows[] = {
        "a $b", "a `b`", "~/a", "a ~", "a *", "a b?", "a [b]", "a | b", "a|b",
        "a & b", "a &", "a; b", "a < b", "a > b", "a 2>/dev/null", "(a)",
        "a)", "a$(b)", "a''$b", "X=1 a", "_x9= a", "X=", " X=1 a", "x=$y a",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(rows[i], strlen(rows[i]), "sh -c '...'");
}

TEST(creds_process, what_is_no_command_is_refused)
{
    static char many[2 * HC_CREDS_PROCESS_WORDS + 3], longer[5000];

    refuses("", 0, "is empty");
    refuses(" \n\t", 3, "is empty");
    refuses("a 'b", 4, "quotation mark");
    refuses("a \"b", 4, "quotation mark");
    refuses("a \"b\\\"", 6, "quotation mark");
    refuses("a \"b\\", 5, "quotation mark");
    refuses("a \\", 3, "backslash");
    refuses("a\0b", 3, "NUL");
    memset(longer, 'a', sizeof longer);
    refuses(longer, sizeof longer, "too long");
    for (size_t i = 0; i <= HC_CREDS_PROCESS_WORDS; i++)
        memcpy(many + 2 * i, "a ", 3);
    refuses(many, 2 * HC_CREDS_PROCESS_WORDS + 2, "too many words");
}

/* ---- a program that runs ---- */

static struct {
    struct hc_net net;
    struct hc_creds creds;
    struct hc_creds_process process;
    struct hc_job job;
    struct hc_waiter link;
    struct hc_credentials out;
    struct headcount_error error;
    int64_t wall;
    int got;
    bool asks, no_memory;
} me;

static int64_t me_wall(void *ud)
{
    (void)ud;
    return me.wall;
}

static void run(struct hc_job *job, int64_t now)
{
    const struct hc_creds_ask ask = { .waiter = &me.link, .job = job };

    if (!me.asks)
        return;
    me.got = hc_creds_get(&me.creds, &ask, now, &me.out, &me.error);
    me.asks = me.got == 0;
}

static void open_me(const char *command)
{
    const struct hc_net_config config = { .dns_server = HC_STR("127.0.0.1") };
    struct hc_log log = { .level = HEADCOUNT_LOG_ERROR };
    struct hc_system sys;

    memset(&me, 0, sizeof me);
    t_alloc_state()->secret = "hush";
    hc_system_real(&sys);
    sys.alloc = *t_alloc();
    sys.wall = me_wall;
    me.wall = (int64_t)1893499200 * HC_SECOND;       /* 2030-01-01T12:00:00Z */
    if (hc_net_init(&me.net, &sys, &log, &config, &me.error) < 0)
        fail_msg("%s", me.error.what);
    const struct hc_creds_process_config of = {
        .net = &me.net, .command = hc_str(command), .profile = HC_STR("dev"),
    };

    hc_creds_process_init(&me.process, &of);
    hc_creds_init(&me.creds, &me.net.sys, &me.net.jobs);
    const struct hc_creds_provider p = hc_creds_process(&me.process);

    hc_creds_add(&me.creds, &p);
    hc_credentials_init(&me.out, t_alloc());
    hc_job_init(&me.job, &me.net.jobs, run);
}

static void close_me(void)
{
    hc_waiter_leave(&me.link);
    hc_job_fini(&me.job);
    hc_credentials_fini(&me.out);
    hc_creds_fini(&me.creds);
    hc_creds_process_fini(&me.process);
    hc_creds_process_fini(&me.process);
    hc_net_fini(&me.net);
    CHECK(!t_alloc_state()->unwiped);
}

static int ask(void)
{
    me.asks = true;
    hc_error_reset(&me.error);
    hc_job_wake(&me.job);
    while (me.asks) {
        struct hc_want wants[8];
        int64_t deadline;
        size_t n = hc_jobs_wants(&me.net.jobs, wants, 8, &deadline);

        CHECK(deadline < HC_NEVER);
        hc_loop_poll(wants, n, deadline - hc_now(&me.net.sys));
        hc_jobs_step(&me.net.jobs, hc_now(&me.net.sys), wants, n);
    }
    return me.got;
}

/* A shell that prints this. */
static int prints(const char *json)
{
    char command[2048];

    snprintf(command, sizeof command, "printf %%s '%s'", json);
    open_me(command);
    return ask();
}

#define KEYS "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"hush\""

TEST(creds_process, a_set_is_what_it_prints)
{
    CHECK_INT(prints("{\"Version\":1," KEYS ",\"SessionToken\":\"hush/token\","
                     "\"Expiration\":\"2030-01-01T13:00:00Z\","
                     "\"AccountId\":\"012345678901\",\"More\":{}}"), 1);
    const struct hc_identity who = hc_credentials_view(&me.out);

    CHECK_STR(who.key_id, "AKID");
    CHECK_STR(who.secret, "hush");
    CHECK_STR(who.token, "hush/token");
    CHECK_INT(me.out.expires, me.wall + 3600 * HC_SECOND);
    CHECK_Z(me.out.source, "credential_process");
    CHECK_INT(me.out.features, HC_FEATURE_PROFILE_PROCESS |
              HC_FEATURE_PROCESS);
    close_me();
}

TEST(creds_process, its_names_count_in_any_case)
{
    CHECK_INT(prints("{\"version\":1,\"accesskeyid\":\"AKID\","
                     "\"SECRETACCESSKEY\":\"hush\",\"sessionToken\":\"hush\","
                     "\"expiration\":\"2030-01-01T12:00:01Z\"}"), 1);
    CHECK_STR(hc_credentials_view(&me.out).key_id, "AKID");
    CHECK_INT(me.out.expires, me.wall + HC_SECOND);
    close_me();
}

TEST(creds_process, a_set_without_an_end_is_asked_for_once)
{
    static const char *const rows[] = {
        "{\"Version\":1," KEYS "}",
        "{\"Version\":1," KEYS ",\"SessionToken\":null,\"Expiration\":null,"
        "\"AccountId\":null}",
        "{\"Version\":1," KEYS ",\"SessionToken\":\"\",\"AccountId\":\"1\"}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(prints(rows[i]), 1);
        CHECK_INT(me.out.expires, HC_NEVER);
        CHECK_INT(hc_credentials_view(&me.out).token.n, 0);
        me.wall += (int64_t)365 * 86400 * HC_SECOND;
        CHECK_INT(ask(), 1);
        CHECK_INT(me.creds.refreshes, 1);
        close_me();
    }
}

static void failed(int code, const char *words)
{
    CHECK_INT(me.got, code);
    if (strstr(me.error.what, words) == NULL)
        fail_msg("no \"%s\" in \"%s\"", words, me.error.what);
    if (strstr(me.error.what, "profile `dev`") == NULL &&
        strstr(me.error.what, "have expired already") == NULL)
        fail_msg("no profile in \"%s\"", me.error.what);
    if (strstr(me.error.what, "hush") != NULL)
        fail_msg("a secret in \"%s\"", me.error.what);
    close_me();
}

TEST(creds_process, what_is_no_set_is_refused_unseen)
{
    static const struct { const char *json, *says; } rows[] = {
        { "", "printed nothing" }, { "hush", "no JSON" },
        { "{\"Version\":1," KEYS "} {}", "no JSON" },
        { "{\"Version\":1," KEYS, "no JSON" }, { "[\"hush\"]", "no JSON obj" },
        { "\"hush\"", "no JSON object" }, { "{" KEYS "}", "Version" },
        { "{\"Version\":2," KEYS "}", "Version" },
        { "{\"Version\":\"1\"," KEYS "}", "Version" },
        { "{\"Version\":null," KEYS "}", "Version" },
        { "{\"Version\":1,\"SecretAccessKey\":\"hush\"}", "AccessKeyId" },
        { "{\"Version\":1,\"AccessKeyId\":\"AKID\"}", "SecretAccessKey" },
        { "{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"hush\"}",
          "AccessKeyId" },
        { "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":[\"hush\"]"
          "}", "SecretAccessKey" },
        { "{\"Version\":1," KEYS ",\"SessionToken\":[\"hush\"]}",
          "SessionToken" },
        { "{\"Version\":1," KEYS ",\"Expiration\":\"hush\"}", "Expiration" },
        { "{\"Version\":1," KEYS ",\"Expiration\":1893499207}", "Expiration" },
        { "{\"Version\":1," KEYS ",\"Expiration\":\"2030-01-01T12:00:00Z\"}",
          "have expired already" },
        { "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":"
          "\"hush\\n\"}", "line break" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        prints(rows[i].json);
        failed(HEADCOUNT_ECREDENTIALS, rows[i].says);
    }
}

static void refused(const char *command, int code, const char *says)
{
    open_me(command);
    ask();
    failed(code, says);
}

TEST(creds_process, a_program_that_fails_says_why_in_one_line)
{
    refused("sh -c 'printf \"no\\n\\n  session\\t\\033[1mnow\\377\\n\" >&2; "
            "exit 3'", HEADCOUNT_ECREDENTIALS,
            "credential_process of profile `dev`: the program ended with exit "
            "status 3: no session ?[1mnow?");
    refused("sh -c 'exit 1'", HEADCOUNT_ECREDENTIALS, "exit status 1");
    refused("sh -c 'kill -9 $$'", HEADCOUNT_ECREDENTIALS, "signal 9");
    refused("/nonexistent/program --password hush", HEADCOUNT_ECONFIG,
            "/nonexistent/program cannot be started");
    refused("a-program-that-nobody-has hush", HEADCOUNT_ECONFIG,
            "no folder of PATH has a program a-program-that-nobody-has");
    refused("a 'hush", HEADCOUNT_ECONFIG, "quotation mark");
    refused("hush | b", HEADCOUNT_ECONFIG, "sh -c '...'");
}

/* What it prints is no part of any error, also where it repeats it. */
TEST(creds_process, what_it_traces_is_struck_out)
{
    refused("sh -c 'set -x; echo {\\\"SecretAccessKey\\\": "
            "\\\"hushhush1234\\\"}; exit 4'",
            HEADCOUNT_ECREDENTIALS, "exit status 4: ");
    refused("sh -c 'echo hush-hush-hush; echo bad hush-hush-hush >&2; exit 4'",
            HEADCOUNT_ECREDENTIALS, "exit status 4: bad ***");
}

/* A set in the wrong place, or the environment of the program. */
TEST(creds_process, a_secret_that_is_named_ends_the_line)
{
    static const char *const names[] = {
        "\\\"SecretAccessKey\\\": \\\"", "AWS_SECRET_ACCESS_KEY=",
        "AWS_SESSION_TOKEN=", "x-amz-security-token: ",
        "authorization = Bearer " };
    char command[256];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hc_fmt(command, sizeof command, "sh -c 'echo \"no %shush1234\" >&2; "
               "exit 5'", names[i]);
        refused(command, HEADCOUNT_ECREDENTIALS, "exit status 5: no ");
    }
    refused("sh -c 'echo your session token has expired >&2; exit 5'",
            HEADCOUNT_ECREDENTIALS, "your session token has expired");
    refused("sh -c 'echo no aws_secret_access_key here >&2; exit 5'",
            HEADCOUNT_ECREDENTIALS, "no aws_secret_access_key here");
}

TEST(creds_process, megabytes_are_no_set)
{
    refused("sh -c 'exec cat /dev/zero'", HEADCOUNT_ELIMIT,
            "printed more than 65536 bytes");
    refused("sh -c 'head -c 2000000 /dev/zero >&2; exit 1'",
            HEADCOUNT_ECREDENTIALS, "exit status 1: ????");
}

TEST(creds_process, without_leave_no_program_runs)
{
    open_me("sh -c 'echo ran >&2; exit 1'");
    me.net.sys.spawn = NULL;
    ask();
    failed(HEADCOUNT_ECONFIG, "config.run_processes");
}

/* Its set is used to the end while the program gives no other, and no longer:
 * unlike a service it cannot be down. */
TEST(creds_process, a_set_is_kept_until_its_end)
{
    const char *const file = "build/creds_process_test.json";
    FILE *f = fopen(file, "w");

    CHECK(f != NULL);
    fputs("{\"Version\":1," KEYS ",\"Expiration\":\"2030-01-01T12:10:00Z\"}",
          f);
    fclose(f);
    open_me("cat build/creds_process_test.json");
    CHECK_INT(ask(), 1);
    unlink(file);
    me.wall += 599 * HC_SECOND;
    CHECK_INT(ask(), 1);
    me.wall += HC_SECOND;
    me.creds.failed_until = 0;
    CHECK_INT(ask(), HEADCOUNT_ECREDENTIALS);
    failed(HEADCOUNT_ECREDENTIALS, "exit status 1: cat: ");
}

TEST(creds_process, one_that_is_given_up_runs_no_more)
{
    open_me("sleep 1000");
    me.asks = true;
    hc_job_wake(&me.job);
    hc_jobs_step(&me.net.jobs, hc_now(&me.net.sys), NULL, 0);
    CHECK(me.process.runs);
    close_me();
    CHECK_INT(me.process.proc.state, PROC_AT_NONE);
}

TEST(creds_process, a_command_that_is_too_long_is_told)
{
    char *command = malloc(70000);

    CHECK(command != NULL);
    memset(command, 'a', 70000);
    command[69999] = '\0';
    open_me(command);
    free(command);
    ask();
    failed(HEADCOUNT_ECONFIG, "too long");
}

static int ask_one(void)
{
    int err = prints("{\"Version\":1," KEYS ",\"SessionToken\":\"hush\"}");

    close_me();
    return err == 1 ? 0 : err;
}

TEST(creds_process, memory_may_end_anywhere)
{
    t_fails_every_allocation(ask_one);
}
