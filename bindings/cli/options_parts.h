/* cli/options_parts.h - calls between the files options*.c. */
#ifndef CLI_OPTIONS_PARTS_H
#define CLI_OPTIONS_PARTS_H

#include "options_table.h"

/* ---- options.c ---- */

/* Complains; EXIT_USAGE. */
int options_bad_usage(const char *what, const char *arg);
/* The verb of `o` uses this option. */
bool options_verb_uses(const struct options *o, const char *option);

/* ---- options_list.c: 0, or EXIT_USAGE with the complaint on stderr ---- */

int options_list_put(struct options_list *list, const char *value);
/* A copy of n bytes, and a NUL, that lives as long as the options; NULL with
 * the complaint on stderr. */
char *options_keep(struct options *o, const char *text, size_t n);
/* Divides the value at each of `ends` (the ARNs of roles only before "arn:");
 * the items point into a copy that lives as long as the options. */
int options_list_read(struct options *o, struct options_list *list,
                      const char *value, const char *ends);

/* ---- options_argv.c ---- */

bool options_is_bootstrap(const char *program);
int options_read_argv(struct options *o, int argc, char **argv);
/* --help or -h stands anywhere but behind "--" and among the arguments of a
 * script. */
bool options_ask_for_help(int argc, char **argv);

/* ---- options_env.c ---- */

/* The value of HEADCOUNT_<OPTION>; NULL: it is not set, or empty. */
const char *options_env_of(const struct option *option);
/* The name of what said `text`: the variable if `text` is its value, else the
 * option as it is typed. */
const char *options_said_by(const char *option, const char *text, char *name);
int options_read_env(struct options *o);
/* Reads the value into a list that is empty so far. */
int options_read_env_list(struct options *o, struct options_list *list,
                          const char *value);

/* ---- options_roles.c ---- */

/* Makes o->roles of o->role_words, some of which may be files. */
int options_read_roles(struct options *o);

/* ---- options_numbers.c ---- */

int options_work_out(struct options *o);

#endif
