/* cli/options_table.h - the options and the verbs: options.c reads the command
 * line by these tables, help.c prints them. */
#ifndef CLI_OPTIONS_TABLE_H
#define CLI_OPTIONS_TABLE_H

#include "options.h"

enum kind { FLAG, TEXT,
            LIST,            /* texts; a value may have several, with commas */
            EACH };          /* texts; each is one value */

struct option {
    const char *name;        /* without the dashes */
    /* In few bits: there are many options. */
    unsigned kind : 7;       /* enum kind */
    unsigned at : 16;        /* member of struct options */
    unsigned ours : 1;       /* HEADCOUNT_<OPTION> sets it too */
    unsigned verbs;          /* a bit for each verb that uses it, VERB_BIT */
    const char *value;       /* what help calls the value */
    const char *help;
};

#define VERB_BIT(verb) (1U << (verb))

extern const struct option options_table[];
extern const size_t options_table_n;

struct verb_line {
    enum verb verb;
    const char *name;
    int (*run)(const struct options *o);   /* returns the exit code */
    const char *args, *help;
    const char *examples[2];
};

extern const struct verb_line options_verbs[];
extern const size_t options_verbs_n;

/* NULL: there is none of this name. */
const struct option *options_find(const char *name, size_t n);
/* One of AWS's common options: every verb takes it. */
bool option_is_common(const struct option *option);
/* All verbs that make requests use it, and no other but run. */
bool option_is_shared(const struct option *option);
/* -o is --output; 0: it has none. */
char option_letter(const struct option *option);
const struct option *options_find_letter(char letter);
/* A verb that does not use it warns, or refuses it in this release, too. */
bool option_is_refused(const struct option *option, enum verb verb);
bool option_is_used(const struct option *option, enum verb verb);

#endif
