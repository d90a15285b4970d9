/* tests/fuzz/ini_fuzz.c - whatever the shared files hold: keys and values lie
 * in the copies, lines rise, settings belong to profiles, and what is opened
 * can be asked.  Behind the first form feed stands the credentials file. */
#include <stdlib.h>
#include <string.h>

#include "aws/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void must_lie_in(struct hc_str s, const struct hc_buf *text)
{
    must(s.n == 0 || (s.p >= text->p && s.p + s.n <= text->p + text->n));
    must(s.n == 0 || memchr(s.p, '\0', s.n) == NULL);
}

static size_t check_items(const struct hc_ini *ini,
                          const struct hc_ini_item *item, size_t line)
{
    for (; item != NULL; item = item->next) {
        must(item->key.n > 0 && item->line > line);
        must_lie_in(item->key, &ini->source[item->file].text);
        must_lie_in(item->value, &ini->source[item->file].text);
        must(memchr(item->key.p, '\n', item->key.n) == NULL);
        must(item->nested == NULL || item->value.n == 0);
        line = check_items(ini, item->nested, item->line);
    }
    return line;
}

static void check_section(const struct hc_ini *ini,
                          const struct hc_ini_section *s)
{
    struct headcount_error e = { .code = 0 };
    struct hc_ini_view v;
    int got = hc_ini_open(ini, s->kind, s->name, &v, &e);

    must(got == 1 || (got == HEADCOUNT_ECONFIG && e.code == got));
    must(s->kind != INI_OTHER || s->items == NULL);
    check_items(ini, s->items, s->line);
    for (const struct hc_ini_item *i = s->items; i != NULL; i = i->next) {
        const struct hc_ini_item *found = hc_ini_find(&v, i->key);
        struct hc_str value;

        must(found == NULL || hc_str_eq(found->key, i->key));
        got = hc_ini_text(ini, found, &value, NULL);
        must(got == 0 || (got == HEADCOUNT_ECONFIG && value.n == 0));
        must(memchr(value.n > 0 ? value.p : "", '\n', value.n) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_str config, credentials = hc_str_n(data, size);
    struct hc_ini ini;
    size_t n = 0;

    config = hc_str_cut(&credentials, '\f');
    hc_ini_init(&ini, &hc_alloc_libc);
    must(hc_ini_read(&ini, INI_CONFIG, "c", config) == 0);
    must(hc_ini_read(&ini, INI_CREDENTIALS, "d", credentials) == 0);
    for (const struct hc_ini_section *s = ini.sections; s != NULL && n < 64;
         s = s->next, n++)
        check_section(&ini, s);
    must(hc_ini_missing(&ini, INI_PROFILE, config, NULL) < 0);
    hc_ini_fini(&ini);
    return 0;
}
