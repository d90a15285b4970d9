/* cli/options_roles.c - the roles of --assume-role: ARNs, and files that hold
 * one ARN on each line, beside blank lines and comments (#).
 *
 * The library checks ARNs, too.  This file checks the ARNs of files, because a
 * complaint about one names its line. */
#include "options_parts.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "verbs/verbs.h"

#define FILE_MAX ((size_t)1 << 20)
#define SLOTS 32768                 /* more than twice as many as roles      */

static bool is_role(const char *arn)
{
    static const char digits[] = "0123456789";
    const char *account = strstr(arn, ":iam::");

    return strncmp(arn, "arn:aws", 7) == 0 && account &&
           strspn(account + 6, digits) == 12 &&
           strncmp(account + 18, ":role/", 6) == 0 && account[24] != '\0' &&
           arn[strcspn(arn, " \t\"'")] == '\0';
}

/* Adds the role, unless it is there. */
static int put_role(struct options *o, const char **slots, const char *arn)
{
    size_t at = 5381;

    for (const char *c = arn; *c != '\0'; c++)
        at = at * 33 ^ (unsigned char)*c;
    for (at %= SLOTS; slots[at]; at = (at + 1) % SLOTS)
        if (strcmp(slots[at], arn) == 0)
            return 0;
    if (o->roles == NULL || o->roles_n == OPTIONS_ROLES_MAX)
        return options_bad_usage("more than 10000 roles: ", arn);
    slots[at] = o->roles[o->roles_n++] = arn;
    return 0;
}

/* The line without the blanks around it and its comment. */
static char *role_of_line(char *line)
{
    char *end = line;

    for (line += strspn(line, " \t"); *end != '\0'; end++)
        if (*end == '#' && (end <= line || strchr(" \t", end[-1])))
            break;
    while (end > line && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return end > line ? line : end;
}

static int put_lines(struct options *o, const char **slots, const char *path,
                     char *text)
{
    size_t before = o->roles_n, at = 1;

    for (char *line = text, *next; line; line = next, at++) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        line = role_of_line(line);
        if (*line == '\0')
            continue;
        if (!is_role(line)) {
            complain("%s:%zu: \"%.80s\" is no role's ARN: it has to look like "
                     "arn:aws:iam::123456789012:role/NAME", path, at, line);
            return EXIT_USAGE;
        }
        int err = put_role(o, slots, line);

        if (err != 0)
            return err;
    }
    if (o->roles_n > before)
        return 0;
    complain("%s names no role that is not named before it", path);
    return EXIT_USAGE;
}

static int read_roles(struct options *o, const char **slots, const char *path)
{
    char *text = NULL, *kept;
    size_t n = 0;
    int code = verbs_read_input(path, FILE_MAX, &text, &n);

    if (code != 0)
        return code;
    if (memchr(text, '\0', n)) {
        size_t line = 1;

        for (const char *c = text; *c != '\0'; c++)
            line += *c == '\n';
        complain("%s:%zu: the line holds a NUL", path, line);
        free(text);
        return EXIT_USAGE;
    }
    kept = options_keep(o, text, n);
    free(text);
    return kept ? put_lines(o, slots, path, kept) : EXIT_USAGE;
}

int options_read_roles(struct options *o)
{
    const struct options_list *words = &o->role_words;
    const char **slots;
    int err = 0;

    if (words->n == 0)
        return 0;
    slots = calloc(SLOTS, sizeof *slots);
    o->roles = calloc(OPTIONS_ROLES_MAX, sizeof *o->roles);
    if (!slots || !o->roles)
        err = options_bad_usage("out of memory", "");
    for (size_t i = 0; err == 0 && i < words->n; i++)
        err = words->item[i][0] == '@'
                  ? read_roles(o, slots, words->item[i] + 1)
                  : put_role(o, slots, words->item[i]);
    free(slots);
    return err;
}
