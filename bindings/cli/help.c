/* cli/help.c - what `help` prints about the program or one verb, and the short
 * usage for `headcount` alone. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "options_table.h"
#include "verbs/verbs.h"

#define COLUMNS 79
#define TEXT_AT 35                   /* column of the text beside an option */

/* "--output, -o text|json" */
static void name_option(const struct option *o, char *to, size_t size)
{
    char letter[6] = "";

    if (option_letter(o))
        snprintf(letter, sizeof letter, ", -%c", option_letter(o));
    snprintf(to, size, "--%s%s%s%s", o->name, letter, o->value ? " " : "",
             o->value ? o->value : "");
}

static void print_option(const struct option *o, const char *whose)
{
    char left[80];

    name_option(o, left, sizeof left);
    if (strlen(left) > TEXT_AT - 3)
        printf("  %s\n  %-*s %s%s\n", left, TEXT_AT - 3, "", whose, o->help);
    else
        printf("  %-*s %s%s\n", TEXT_AT - 3, left, whose, o->help);
}

/* "watch: ", where one verb alone or two use it; else "". */
static const char *whose(const struct option *o, char *to, size_t size)
{
    size_t n = 0, used = 0;

    *to = '\0';
    for (size_t i = 0; i < options_verbs_n; i++)
        used += option_is_used(o, options_verbs[i].verb);
    for (size_t i = 0; used <= 2 && i < options_verbs_n; i++)
        if (option_is_used(o, options_verbs[i].verb))
            n += (size_t)snprintf(to + n, size - n, "%s%s", n ? ", " : "",
                                  options_verbs[i].name);
    if (n > 0)
        snprintf(to + n, size - n, ": ");
    return to;
}

/* Words with blanks between them, in lines. */
struct lines {
    size_t column;
};

static void put_word(struct lines *l, const char *word)
{
    size_t n = strlen(word);

    if (l->column > 0 && l->column + 1 + n > COLUMNS) {
        putchar('\n');
        l->column = 0;
    }
    l->column += (size_t)printf("%s%s", l->column ? " " : "", word);
}

static void put_words(struct lines *l, const char *text)
{
    char word[COLUMNS + 1];

    while (*text != '\0') {
        size_t n = strcspn(text, " ");

        snprintf(word, sizeof word, "%.*s", (int)n, text);
        put_word(l, word);
        text += n + (text[n] == ' ');
    }
}

/* ---- everything ---- */

/* Each begins with this verb; the next one ends it. */
static const struct { enum verb first; const char *title; } groups[] = {
    { VERB_PLAN, "Look, and write nothing" },
    { VERB_APPLY, "Write counts and tags" },
    { VERB_WATCH, "Keep running" },
    { VERB_TEST, "Policies and scripts in Lua" },
    { VERB_CALL, "Requests of your own" },
    { VERB_HELP, "The program" },
};

static void print_verbs(void)
{
    size_t group = 0;

    puts("headcount keeps AWS ECS services at the count their cluster calls "
         "for.\n\nUsage: headcount VERB [ARG...] [--option value...]");
    for (size_t i = 0; i < options_verbs_n; i++) {
        const struct verb_line *v = &options_verbs[i];

        if (group < sizeof groups / sizeof *groups &&
            groups[group].first == v->verb)
            printf("\n%s:\n", groups[group++].title);
        printf("  %-8s %-32s %s\n", v->name, v->args, v->help);
    }
    puts("\nNext:\n"
         "  headcount help plan      two examples of a verb, and its options\n"
         "  headcount help options   every option, variables, exit codes\n"
         "  headcount doctor         is all there that it needs?\n"
         "headcount(1) is the manual; each verb has a page, as "
         "headcount-plan(1).");
}

/* Names the options that can be set as variables too. */
static void print_variables(void)
{
    struct lines l = { 0 };
    char word[64];
    size_t last = options_table_n - 1;

    while (!options_table[last].ours)
        last--;
    puts("");
    for (size_t i = 0; i <= last; i++) {
        if (!options_table[i].ours)
            continue;
        snprintf(word, sizeof word, "%s%s", options_table[i].name,
                 i < last ? "," : "");
        put_word(&l, word);
    }
    put_words(&l, "can also be set as HEADCOUNT_<OPTION>; only the verbs that "
              "use the option read it. Of two limits the smaller one applies. "
              "ECS_SERVICE_ARN names services, too; HEADCOUNT_DRY_RUN=1 "
              "pauses every write.");
    puts("\nA repeatable option also takes a list with commas.\n"
         "A CLUSTER is a name, an ARN, or a glob of names such as 'prod-*'.");
}

static void print_options(void)
{
    char verbs[64];

    puts("AWS's common options, which every verb takes:");
    for (size_t i = 0; i < options_table_n; i++)
        if (option_is_common(&options_table[i]))
            print_option(&options_table[i], "");
    puts("\nOptions, before or after the verb (--opt value or --opt=value):");
    for (size_t i = 0; i < options_table_n; i++)
        if (!option_is_common(&options_table[i]))
            print_option(&options_table[i],
                         whose(&options_table[i], verbs, sizeof verbs));
    print_variables();
    puts("\nExit: 0 done, 1 a target failed, 2 changes pending, 3 held "
         "(both with\n--detailed-exitcode), 130 interrupted, 252 wrong usage "
         "or a bad event, 253 no\nregion, no credentials or a bad setting, "
         "254 the service refused, 255 network\nand the rest.");
}

/* ---- one verb ---- */

static void print_common(void)
{
    struct lines l = { 0 };
    char word[80];

    puts("\nAWS's common options (see: headcount help options):");
    for (size_t i = 0; i < options_table_n; i++) {
        const struct option *o = &options_table[i];

        if (!option_is_common(o))
            continue;
        snprintf(word, sizeof word, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        put_word(&l, word);
    }
    puts("");
}

/* The limits of connections and the roles: all verbs that call have them. */
static void print_own(enum verb verb, bool shared, const char *title)
{
    for (size_t i = 0; i < options_table_n; i++) {
        const struct option *o = &options_table[i];

        if (o->verbs == ~0U || !option_is_used(o, verb) ||
            option_is_shared(o) != shared)
            continue;
        printf("%s", title);
        title = "";
        print_option(o, "");
    }
}

static void print_verb(const struct verb_line *v)
{
    static const char options[] = " [--option value...]";
    bool first = v->verb == VERB_RUN;       /* behind it: of the script */
    bool small = v->verb == VERB_HELP || v->verb == VERB_VERSION;

    printf("headcount %s: %s\n\nUsage: headcount %s%s%s%s%s\n\nExamples:\n"
           "  %s\n  %s\n", v->name, v->help, v->name, first ? options : "",
           *v->args != '\0' ? " " : "", v->args, first ? "" : options,
           v->examples[0], v->examples[1]);
    print_own(v->verb, false, "\nOptions:\n");
    print_own(v->verb, true, "\nRoles and connections:\n");
    print_common();
    printf("\nheadcount%s%s(1) is the manual page.\n", small ? "" : "-",
           small ? "" : v->name);
}

/* The whole program (VERB_NONE), or one verb. */
static void help_print(enum verb verb)
{
    if (verb == VERB_NONE)
        print_verbs();
    for (size_t i = 0; i < options_verbs_n; i++)
        if (options_verbs[i].verb == verb)
            print_verb(&options_verbs[i]);
}

static void put_short(FILE *out)
{
    fputs("headcount keeps AWS ECS services at the count their cluster calls "
          "for.\n\n"
          "Usage: headcount VERB [ARG...] [--option value...]\n\n"
          "  headcount plan prod --service web    "
          "what would change; writes nothing\n"
          "  headcount apply prod --service web   "
          "sets the count where it is wrong\n"
          "  headcount help plan                  "
          "examples and options of one verb\n\n"
          "Verbs:", out);
    for (size_t i = 0; i < options_verbs_n; i++)
        fprintf(out, "%s%s", i == options_verbs_n / 2 ? "\n       " : " ",
                options_verbs[i].name);
    fputs("\n`headcount help` says what they do, headcount(1) is the "
          "manual.\n", out);
}

void help_print_short(void)
{
    struct log_page page;
    FILE *out = log_page_open(&page);

    if (out)
        put_short(out);
    log_page_close(&page, out);
}

int verb_help(const struct options *o)
{
    enum verb verb = o->verb;

    if (verb == VERB_HELP && o->args.n > 0) {
        if (strcmp(o->args.item[0], "options") == 0) {
            print_options();
            return EXIT_DONE;
        }
        verb = options_verb(o->args.item[0]);
        if (verb == VERB_NONE)
            return options_unknown_verb(o->args.item[0]);
    } else if (verb == VERB_HELP && !o->help) {
        verb = VERB_NONE;
    }
    help_print(verb);
    return EXIT_DONE;
}
