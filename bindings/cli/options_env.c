/* cli/options_env.c - the HEADCOUNT_ variables, for what was not typed. */
#include "options_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

static bool env_is_on(const char *value)
{
    return strcmp(value, "0") != 0 && strcmp(value, "false") != 0
           && strcmp(value, "off") != 0 && strcmp(value, "no") != 0;
}

/* HEADCOUNT_<OPTION> into name[OPTIONS_NAME]. */
static const char *env_name(const struct option *opt, char *name)
{
    size_t n = strlen("HEADCOUNT_");

    memcpy(name, "HEADCOUNT_", n);
    for (const char *c = opt->name; *c != '\0'; c++)
        name[n++] = *c == '-' ? '_' : (char)(*c - ('a' <= *c && *c <= 'z'
                                                   ? 'a' - 'A' : 0));
    name[n] = '\0';
    return name;
}

const char *options_env_of(const struct option *opt)
{
    char name[OPTIONS_NAME];
    const char *value = getenv(env_name(opt, name));

    return value && *value != '\0' ? value : NULL;
}

const char *options_said_by(const char *option, const char *text, char *name)
{
    const struct option *opt = options_find(option, strlen(option));

    if (opt && opt->ours && text && text == options_env_of(opt))
        return env_name(opt, name);
    snprintf(name, OPTIONS_NAME, "--%s", option);
    return name;
}

const char *options_said(const struct options *o, const char *option,
                         char name[static OPTIONS_NAME])
{
    const char *text = options_is_typed(o, option)
                           ? NULL
                           : options_env_of(options_find(option,
                                                         strlen(option)));

    return options_said_by(option, text, name);
}

int options_read_env_list(struct options *o, struct options_list *list,
                          const char *value)
{
    if (list->n > 0 || !value || *value == '\0')
        return 0;
    return options_list_read(o, list, value, ", ");
}

static int read_env_option(struct options *o, const struct option *opt)
{
    void *at = (char *)o + opt->at;
    const char *value = options_env_of(opt);

    if (!value || at == (void *)&o->services)
        return 0;
    if (at == (void *)&o->all && o->args.n > 0)      /* typed names beat it */
        return 0;
    if (opt->kind == LIST)
        return options_read_env_list(o, at, value);
    if (opt->kind == FLAG) {
        if (env_is_on(value))
            *(bool *)at = true;
    } else if (!*(const char **)at) {
        *(const char **)at = value;
    }
    return 0;
}

static int refuse_beside_policy(const struct options *o, const char *option,
                                const char *text)
{
    char policy[OPTIONS_NAME], other[OPTIONS_NAME];

    complain("a policy itself says which services and hosts it is for: %s and "
             "%s do not go together",
             options_said_by("policy", o->policy, policy),
             options_said_by(option, text, other));
    return EXIT_USAGE;
}

/* --service beats HEADCOUNT_POLICY; a policy beats ECS_SERVICE_ARN, as
 * HEADCOUNT_SERVICE does. */
static int read_env_what(struct options *o, bool policy_is_option)
{
    const char *services = getenv("HEADCOUNT_SERVICE");

    if (o->policy && o->services.n > 0 && policy_is_option)
        return refuse_beside_policy(o, "service", NULL);
    if (o->services.n > 0)
        o->policy = NULL;
    if (!o->policy) {
        if (!services || *services == '\0')
            services = getenv("ECS_SERVICE_ARN");
        return options_read_env_list(o, &o->services, services);
    }
    if (!policy_is_option && services && *services != '\0')
        return refuse_beside_policy(o, "service", services);
    if (o->autoscaler)
        return refuse_beside_policy(o, "autoscaler", o->autoscaler);
    return o->where ? refuse_beside_policy(o, "where", o->where) : 0;
}

int options_read_env(struct options *o)
{
    bool policy_is_option = o->policy != NULL;
    const char *pause = getenv("HEADCOUNT_DRY_RUN");
    int err = 0;

    for (size_t i = 0; err == 0 && i < options_table_n; i++)
        if (options_table[i].ours &&
            option_is_used(&options_table[i], o->verb))
            err = read_env_option(o, &options_table[i]);
    o->paused = pause && *pause != '\0' && env_is_on(pause);
    if (err != 0 || !options_verb_uses(o, "policy"))
        return err;
    return read_env_what(o, policy_is_option);
}
