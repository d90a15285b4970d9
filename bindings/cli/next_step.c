/* cli/next_step.c - see next_step.h. */
#include "next_step.h"

#include <string.h>

#include "options_table.h"

/* A terminal shows every character of it. */
static bool is_seen(const char *word)
{
    size_t n = strlen(word);
    bool seen = true;

    for (size_t length; seen && n > 0; word += length, n -= length)
        length = headcount_text_next(word, n, &seen);
    return seen;
}

/* As a shell reads it back. */
static void put_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
                                "TUVWXYZ0123456789-_./:=,@%+";
    bool quoted = *word == '\0' || word[strspn(word, plain)] != '\0';

    fputs(quoted ? " '" : " ", out);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputs(quoted ? "'" : "", out);
}

void next_step_put(FILE *out, const struct options *o)
{
    bool names = o->args.n > 0 || o->all || o->cluster_tags.n > 0;

    if (o->verb != VERB_PLAN || o->snapshot)
        return;
    for (int i = 0; i < o->argc; i++)
        if (!is_seen(o->argv[i]))
            return;
    fputs("Next:", out);
    for (int i = 0; i < o->argc; i++) {
        if (i == o->verb_at)
            fputs(names ? " apply" : " apply --all", out);
        else if (strcmp(o->argv[i], "--explain") != 0)
            put_word(out, o->argv[i]);
    }
    fputc('\n', out);
}
