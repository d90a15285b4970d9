/* cli/options_list.c - lists of values: "a,b" typed, "a b" in a variable. */
#include "options_parts.h"

#include <stdlib.h>
#include <string.h>

int options_list_put(struct options_list *list, const char *value)
{
    if (list->n == OPTIONS_LIST_MAX)
        return options_bad_usage("more than 256 values for one option or "
                                 "verb: ", value);
    list->item[list->n++] = value;
    return 0;
}

char *options_keep(struct options *o, const char *text, size_t n)
{
    struct options_text *copy = malloc(sizeof *copy + n + 1);

    if (!copy) {
        options_bad_usage("out of memory", "");
        return NULL;
    }
    memcpy(copy->text, text, n);
    copy->text[n] = '\0';
    copy->next = o->owned;
    o->owned = copy;
    return copy->text;
}

/* Where the item that starts the text ends: at a comma (in a variable at a
 * blank, too).  A role's name may have commas, so roles are divided before
 * "arn:". */
static size_t item_length(const char *text, const char *ends, bool arns)
{
    size_t n = strcspn(text, ends);

    while (arns && text[n] != '\0' &&
           strncmp(text + n + strspn(text + n, ", "), "arn:", 4) != 0 &&
           text[n + strspn(text + n, ", ")] != '\0')
        n += 1 + strcspn(text + n + 1, ends);
    return n;
}

int options_list_read(struct options *o, struct options_list *list,
                      const char *value, const char *ends)
{
    char *text = options_keep(o, value, strlen(value));
    int err = text ? 0 : EXIT_USAGE;

    while (err == 0 && *(text += strspn(text, ", ")) != '\0') {
        size_t n = item_length(text, ends, list == &o->role_words);
        char *end = text + n;
        bool last = *end == '\0';

        while (n > 0 && text[n - 1] == ' ')
            n--;
        text[n] = '\0';
        err = options_list_put(list, text);
        text = last ? end : end + 1;
    }
    return err;
}

void options_fini(struct options *o)
{
    while (o->owned) {
        struct options_text *next = o->owned->next;

        free(o->owned);
        o->owned = next;
    }
    free(o->roles);
    o->roles = NULL;
}
