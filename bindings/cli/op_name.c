/* cli/op_name.c - see op_name.h.
 *
 * The AWS CLI made its names of the API's: the way back raises the first letter
 * of each word, but for words that a service spells in its own way. */
#include "op_name.h"

#include <string.h>

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char large(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The same letters; the dashes of `kebab` count for nothing. */
static bool is_same(const char *kebab, size_t kebab_n, const char *word,
                    size_t word_n)
{
    size_t at = 0;

    for (size_t i = 0; i < kebab_n; i++) {
        if (kebab[i] == '-')
            continue;
        if (at == word_n || small(word[at++]) != kebab[i])
            return false;
    }
    return at == word_n;
}

/* How the service spells it: *n bytes; NULL: as all do. */
static const char *find_word(const char *service, const char *kebab,
                             size_t kebab_n, size_t *n)
{
    const struct op_words *row = op_words;

    while (row->service && strcmp(row->service, service) != 0)
        row++;
    for (const char *word = row->words; word && *word != '\0';
         word += *n + (word[*n] == ',')) {
        *n = strcspn(word, ",");
        if (is_same(kebab, kebab_n, word, *n))
            return word;
    }
    return NULL;
}

/* Words with one dash between them, the first from a letter on. */
static bool is_kebab(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return *text >= 'a' && *text <= 'z' && text[n] == '\0' &&
           text[n - 1] != '-' && strstr(text, "--") == NULL;
}

const char *op_name(const char *service, const char *operation, char *to,
                    size_t size)
{
    size_t n, at = 0;
    const char *word = find_word(service, operation, strlen(operation), &n);

    if (!is_kebab(operation) || strlen(operation) >= size)
        return operation;
    if (word) {                           /* a whole name, or its one word */
        memcpy(to, word, n);
        to[n] = '\0';
        return to;
    }
    for (const char *from = operation; *from != '\0';
         from += n + (from[n] == '-')) {
        n = strcspn(from, "-");
        size_t word_n;

        word = find_word(service, from, n, &word_n);
        memcpy(to + at, word ? word : from, n);
        if (!word)
            to[at] = large(to[at]);
        at += n;
    }
    to[at] = '\0';
    return to;
}
