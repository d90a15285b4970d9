/* cli/options_table.h - the options and the verbs, for who reads them and who
 * tells of them. */
#ifndef CLI_OPTIONS_TABLE_H
#define CLI_OPTIONS_TABLE_H

#include "options.h"

enum kind { FLAG, TEXT, LIST };

struct option {
    const char *name;        /* without the dashes */
    enum kind kind;
    size_t at;               /* member of struct options */
    bool ours;               /* HEADCOUNT_<OPTION> sets it too */
    const char *value;       /* what help calls the value */
    const char *help;
};

extern const struct option options_table[];
extern const size_t options_table_n;

struct verb_line {
    enum verb verb;
    const char *name, *args, *help;
};

extern const struct verb_line options_verbs[];
extern const size_t options_verbs_n;

/* NULL: there is none of this name. */
const struct option *options_find(const char *name, size_t n);

#endif
