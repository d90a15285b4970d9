/* cli/options_numbers.c - numbers, times and choices out of texts. */
#include "options_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

#define LIMIT_MAX 1000000000
#define CONNECTIONS_MAX 10000

/* Seconds, fractions allowed; 0 = none, which the library spells -1. */
static int get_seconds(const char *name, const char *text, int64_t *us)
{
    if (!text)
        return 0;
    char *end = NULL;
    double seconds = strtod(text, &end);

    if (*end != '\0' || !(seconds >= 0) || seconds > 1e9
        || text[strspn(text, "0123456789.")] != '\0') {
        char who[OPTIONS_NAME];

        complain("%s takes seconds, such as 2.5, not \"%.80s\"",
                 options_said_by(name, text, who), text);
        return EXIT_USAGE;
    }
    *us = seconds > 0 ? (int64_t)(seconds * 1e6 + 0.5) : -1;
    if (seconds > 0 && *us == 0)
        *us = 1;
    return 0;
}

/* One of the choices, which end with a NULL; *at stays where none is said. */
static int get_choice(const char *name, const char *text,
                      const char *const *choices, int *at)
{
    char who[OPTIONS_NAME];

    for (int i = 0; text && choices[i]; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *at = i;
            return 0;
        }
    }
    if (!text)
        return 0;
    complain("%s is %s%s%s or %s, not \"%.80s\"",
             options_said_by(name, text, who), choices[0],
             choices[2] ? ", " : "", choices[2] ? choices[1] : "",
             choices[2] ? choices[2] : choices[1], text);
    return EXIT_USAGE;
}

/* Whole seconds from 1 on. */
static int get_whole_seconds(const char *name, const char *text, long most,
                             int64_t *us)
{
    char who[OPTIONS_NAME], *end = NULL;
    long n = strtol(text, &end, 10);

    *us = n * (int64_t)1000000;
    if (*end == '\0' && n >= 1 && n <= most)
        return 0;
    complain("%s takes whole seconds from 1 to %ld, not \"%.80s\"",
             options_said_by(name, text, who), most, text);
    return EXIT_USAGE;
}

/* SQS allows up to 12 hours, a presigned URL 7 days. */
static int get_lives(struct options *o)
{
    int err = get_whole_seconds("visibility",
                                o->visibility ? o->visibility : "60", 43200,
                                &o->visibility_us);

    return err == 0 && o->expires
               ? get_whole_seconds("expires", o->expires, 604800,
                                   &o->expires_us)
               : err;
}

/* Seconds, or with a unit: 0.5, 300s, 5m, 1h. */
static int get_every(struct options *o)
{
    static const char units[] = "smh";
    static const int64_t factors[] = { 1, 60, 3600 };
    const char *text = o->every ? o->every : "300";
    const char *unit = strchr(units, text[strlen(text) - 1]);
    char who[OPTIONS_NAME], *end = NULL;
    double seconds = strtod(text, &end);

    if (text[strspn(text, "0123456789.")] == (unit ? *unit : '\0') &&
        end == text + strlen(text) - (unit ? 1 : 0) && seconds >= 0.001 &&
        seconds <= 1e6) {
        o->every_us = (int64_t)(seconds * 1e6 + 0.5) *
                      (unit ? factors[unit - units] : 1);
        return 0;
    }
    complain("%s takes a time such as 300s, 5m or 0.5, not \"%.80s\"",
             options_said_by("every", text, who), text);
    return EXIT_USAGE;
}

static int get_whole(const char *name, const char *text, int64_t *n)
{
    char who[OPTIONS_NAME], *end = NULL;
    long long value = strtoll(text, &end, 10);

    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 &&
        value <= LIMIT_MAX) {
        *n = *n == 0 || value < *n ? value : *n;
        return 0;
    }
    complain("%s takes a whole number from 1 to %d, not \"%.80s\"",
             options_said_by(name, text, who), LIMIT_MAX, text);
    return EXIT_USAGE;
}

/* The smaller of option and variable is the limit. */
static int get_limit(const char *name, const char *text, int64_t *n)
{
    const char *env = options_env_of(options_find(name, strlen(name)));
    int err = text ? get_whole(name, text, n) : 0;

    return err == 0 && env && env != text ? get_whole(name, env, n) : err;
}

/* Connections: at least one, and no more than the library takes. */
static int get_connections(const char *name, const char *text, int64_t *n)
{
    char who[OPTIONS_NAME], *end = NULL;
    long value = text ? strtol(text, &end, 10) : 0;

    *n = value;
    if (!text || (*end == '\0' && text[0] != '\0' && value >= 1 &&
                  value <= CONNECTIONS_MAX))
        return 0;
    complain("%s takes a number from 1 to %d, not \"%.80s\"",
             options_said_by(name, text, who), CONNECTIONS_MAX, text);
    return EXIT_USAGE;
}

/* Bytes; 0 = no limit, which the library spells -1. */
static int get_speed(const char *text, int64_t *n)
{
    char who[OPTIONS_NAME], *end = NULL;
    long long value = text ? strtoll(text, &end, 10) : 0;

    if (!text)
        return 0;
    *n = value > 0 ? value : -1;
    if (*end == '\0' && text[0] >= '0' && text[0] <= '9' &&
        value <= LIMIT_MAX)
        return 0;
    complain("%s takes a number of bytes from 0 to %d, not \"%.80s\"",
             options_said_by("min-speed", text, who), LIMIT_MAX, text);
    return EXIT_USAGE;
}

/* The limits of a run, its connections and its attempts. */
static int get_times(struct options *o)
{
#define TIME(name, text, us) \
    { name, offsetof(struct options, text), offsetof(struct options, us) }
    static const struct { char name[20]; uint32_t text, us; } times[] = {
        TIME("cli-connect-timeout", connect_timeout, connect_us),
        TIME("cli-read-timeout", read_timeout, read_us),
        TIME("acquire-timeout", acquire_timeout, acquire_us),
        TIME("attempt-timeout", attempt_timeout, attempt_us),
        TIME("tcp-user-timeout", user_timeout, user_us),
        TIME("timeout", timeout, timeout_us),
    };
#undef TIME
    int err = 0;

    for (size_t i = 0; err == 0 && i < sizeof times / sizeof *times; i++)
        err = get_seconds(
            times[i].name,
            *(const char **)(void *)((char *)o + times[i].text),
            (int64_t *)(void *)((char *)o + times[i].us));
    return err;
}

static int get_connections_and_speed(struct options *o)
{
    int err = get_connections("max-connections", o->connections,
                              &o->max_connections);

    if (err == 0)
        err = get_connections("max-connections-per-host", o->per_host,
                              &o->max_per_host);
    return err == 0 ? get_speed(o->min_speed, &o->min_speed_n) : err;
}

static int get_limits(struct options *o)
{
    if (!options_verb_uses(o, "max-changes"))
        return 0;
    int err = get_limit("max-changes", o->changes, &o->max_changes);

    return err == 0 ? get_limit("max-falls", o->falls, &o->max_falls) : err;
}

static int get_numbers(struct options *o)
{
    char who[OPTIONS_NAME], *end = NULL;
    long n = o->at_once ? strtol(o->at_once, &end, 10) : 0;

    if (o->at_once && (*end != '\0' || n < 1 || n > 64)) {
        complain("%s is a number from 1 to 64, not \"%.80s\"",
                 options_said_by("concurrency", o->at_once, who), o->at_once);
        return EXIT_USAGE;
    }
    o->concurrency = (int)n;
    if (!o->share)
        return 0;
    o->api_share = strtod(o->share, &end);
    if (*end == '\0' && o->api_share > 0 && o->api_share <= 1 &&
        o->share[strspn(o->share, "0123456789.")] == '\0')
        return 0;
    complain("%s is a fraction, more than 0 and at most 1, such as 0.5, not "
             "\"%.80s\"", options_said_by("api-share", o->share, who),
             o->share);
    return EXIT_USAGE;
}

/* The parameters of a role need a role. */
static int get_role(struct options *o)
{
    const char *alone = o->roles_n > 0     ? NULL
                        : o->external_id   ? "external-id"
                        : o->session       ? "role-session-name"
                        : o->duration      ? "role-duration"
                                           : NULL;
    char who[OPTIONS_NAME], *end = NULL;
    long n = o->duration ? strtol(o->duration, &end, 10) : 0;

    if (alone) {
        complain("%s goes with --assume-role, which is not there",
                 options_said(o, alone, who));
        return EXIT_USAGE;
    }
    o->duration_us = n * (int64_t)1000000;
    if (!o->duration || (*end == '\0' && n >= 900 && n <= 43200))
        return 0;
    complain("%s takes whole seconds from 900 to 43200, not \"%.80s\"",
             options_said_by("role-duration", o->duration, who), o->duration);
    return EXIT_USAGE;
}

static int get_account(const struct options *o)
{
    char who[OPTIONS_NAME];

    if (!o->account)
        return 0;
    options_said_by("expect-account", o->account, who);
    if (strlen(o->account) != 12 ||
        o->account[strspn(o->account, "0123456789")] != '\0')
        complain("%s takes an account, 12 digits, not \"%.80s\"", who,
                 o->account);
    else if (o->no_sign_request)
        complain("%s and --no-sign-request do not go together: nobody signs, "
                 "so there is no account", who);
    else
        return 0;
    return EXIT_USAGE;
}

/* One region and one role is all that most verbs can use. */
static int get_places(struct options *o)
{
    bool many = o->verb == VERB_PLAN || o->verb == VERB_APPLY ||
                o->verb == VERB_WATCH;
    char who[OPTIONS_NAME];

    if (!many && o->regions.n > 1)
        return options_bad_usage("more than one --region goes with plan, "
                                 "apply and watch: ", o->regions.item[1]);
    if (!many && o->roles_n > 1) {
        complain("more than one %s goes with plan, apply and watch: %s (see: "
                 "headcount help)", options_said(o, "assume-role", who),
                 o->roles[1]);
        return EXIT_USAGE;
    }
    if (o->all && o->args.n > 0) {
        complain("%s goes without the name of a cluster: %s (see: headcount "
                 "help)", options_said(o, "all", who), o->args.item[0]);
        return EXIT_USAGE;
    }
    o->region = o->regions.n == 1 ? o->regions.item[0] : NULL;
    o->role = o->roles_n == 1 ? o->roles[0] : NULL;
    return 0;
}

/* Calls of latency, and how many of each series a second. */
static int get_calls(struct options *o)
{
    char *end = NULL;

    o->calls_n = o->calls ? strtol(o->calls, &end, 10) : 30;
    if (end && (*end != '\0' || o->calls_n < 1 || o->calls_n > 1000)) {
        complain("--calls is a number from 1 to 1000, not \"%.80s\"",
                 o->calls);
        return EXIT_USAGE;
    }
    end = NULL;
    o->rounds = o->rate ? strtod(o->rate, &end) : 1;
    if (end && (*end != '\0' || !(o->rounds >= 0.01 && o->rounds <= 1000) ||
                o->rate[strspn(o->rate, "0123456789.")] != '\0')) {
        complain("--rate is a number from 0.01 to 1000, such as 0.5, not "
                 "\"%.80s\"", o->rate);
        return EXIT_USAGE;
    }
    return 0;
}

int options_work_out(struct options *o)
{
    static const char *const forms[] = { "text", "json", "html", NULL };
    static const char *const formats[] = { "text", "json", NULL };
    static const char *const modes[] = { "active", "registered", "connected",
                                         NULL };
    static const char *const whose[] = { "service", "all", NULL };
    static const char *const on_off[] = { "on", "off", NULL };
    static const char *const when[] = { "auto", "always", "never", NULL };
    int json = 0, mode = HEADCOUNT_ACTIVE, off = 0, format = 0, heeded = -1;
    int unverified = 1;
    int err = get_choice("output", o->output, forms, &json);

    if (err == 0)
        err = get_choice("format", o->format, formats, &format);
    if (err == 0)
        err = get_choice("hosts", o->hosts, modes, &mode);
    if (err == 0)
        err = get_choice("constraints", o->constraints, whose, &heeded);
    if (err == 0)
        err = get_choice("tcp-keepalive", o->tcp_keepalive, on_off, &off);
    if (err == 0)
        err = get_choice("verify", o->verify, on_off, &unverified);
    if (err == 0)
        err = get_choice("color", o->color, when, &o->colours);
    o->json = json == 1;
    o->html = json == 2;
    if (err == 0 && o->html && o->verb != VERB_PLAN &&
        o->verb != VERB_APPLY && o->verb != VERB_EXPLAIN &&
        o->verb != VERB_LATENCY) {
        complain("--output html is a page of plan, apply, explain or latency; "
                 "other verbs print text or json");
        return EXIT_USAGE;
    }
    o->format_json = format == 1;
    o->hosts_mode = (enum headcount_hosts)mode;
    if (heeded >= 0)
        o->heeded = heeded ? HEADCOUNT_CONSTRAINTS_ALL
                           : HEADCOUNT_CONSTRAINTS_SERVICE;
    o->probes = o->tcp_keepalive != NULL && !off;
    o->verifies = !unverified;
    if (err == 0)
        err = get_times(o);
    if (err == 0)
        err = get_connections_and_speed(o);
    if (err == 0)
        err = get_limits(o);
    if (err == 0)
        err = get_numbers(o);
    if (err == 0)
        err = get_lives(o);
    if (err == 0)
        err = get_calls(o);
    if (err == 0)
        err = get_every(o);
    if (err == 0)
        err = options_read_roles(o);
    if (err == 0)
        err = get_role(o);
    if (err == 0)
        err = get_account(o);
    return err == 0 ? get_places(o) : err;
}
