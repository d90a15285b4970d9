/* aws/ini.c - the two files that AWS's tools share (contract: aws/ini.h).
 *
 *   file      = [ BOM ] { line ( LF | CR LF ) }     the last needs no line end
 *   line      = blank | comment | header | property | more
 *   comment   = [ blanks ] ( "#" | ";" ) anything
 *   header    = "[" section "]" [ blanks ] [ comment ]       in column 0
 *   section   = "default" | word blanks name                 in config
 *             | name                                         in credentials
 *   word      = "profile" | "sso-session" | "services"
 *   property  = key ( "=" | ":" ) [ value ] [ blanks comment ]
 *   more      = more blanks than its property has, and
 *               key "=" [ value ]      where the property has no value
 *             | text                   else: the value goes on after an LF
 *
 *   a line that could be a header and is none  -> fault of the file, and the
 *   lines up to the next header are dropped: nobody knows whose they are
 *   NUL, or text before the first header       -> fault of the file
 *   a property or a nested one without a key or without its "="  -> fault of
 *   the section
 *
 * Blanks are SP and HT.  All other bytes are text, also a CR inside a line.  A
 * CR at the end of the text ends its last line, as it does for botocore.
 *
 * Keys and values lie in one copy of the text.  Keys become lower case there,
 * and a value that goes on moves together: it needs less room than its lines
 * had.  So no secret is anywhere but in that buffer, which is wiped.
 */
#include "aws/ini.h"

#include <string.h>

#include "base/text.h"

#define INI_SHOWN 160              /* bytes of a path in a sentence          */
#define INI_NAMES 8                /* names in one                           */

static const char ini_words[][12] = {
    [INI_PROFILE] = "profile",
    [INI_SSO_SESSION] = "sso-session",
    [INI_SERVICES] = "services",
};

#define INI_WORDS (sizeof ini_words / sizeof *ini_words)

struct ini_reader {
    struct hc_ini *ini;
    struct hc_ini_source *source;
    struct hc_str rest;
    size_t line, records;
    struct hc_ini_section *section;   /* NULL: lines belong to nobody        */
    struct hc_ini_item *item;         /* the property that may go on         */
    size_t indent;                    /* of it                               */
    struct hc_ini_item **end, **nested_end;
    enum hc_ini_file file;
};

static void ini_file_fault(struct ini_reader *r, const char *wrong)
{
    if (r->source->wrong == NULL) {
        r->source->wrong = wrong;
        r->source->wrong_line = r->line;
    }
}

static void ini_section_fault(struct ini_reader *r, const char *wrong)
{
    if (r->section->wrong == NULL) {
        r->section->wrong = wrong;
        r->section->wrong_line = r->line;
    }
}

/* Memory for one record more; NULL: the file has too many, or there is none,
 * which sticks in the arena. */
static void *ini_record(struct ini_reader *r, size_t n)
{
    if (r->records == HC_INI_RECORDS) {
        ini_file_fault(r, "the file has too many settings");
        r->rest.n = 0;
        return NULL;
    }
    r->records++;
    return hc_arena_zero(&r->ini->arena, n);
}

/* The place of borrowed bytes in our copy of the text. */
static char *ini_at(const struct ini_reader *r, const char *p)
{
    return r->source->text.p + (p - r->source->text.p);
}

static bool ini_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ini_is_comment(struct hc_str s)
{
    return s.n > 0 && (s.p[0] == '#' || s.p[0] == ';');
}

/* ---- a header ---- */

/* "word blanks name"; *name is what follows the blanks. */
static bool ini_has_word(struct hc_str text, const char *word,
                         struct hc_str *name)
{
    struct hc_str rest;

    if (!hc_str_starts(text, hc_str(word)))
        return false;
    rest = hc_str_from(text, strlen(word));
    *name = hc_str_trim(rest);
    return rest.n > 0 && ini_is_blank(rest.p[0]);
}

/* A name in config: without its one pair of quotes, in which blanks may
 * stand.  False: AWS's tools ignore the section. */
static bool ini_unquote(struct hc_str *name)
{
    struct hc_str s = *name;

    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') &&
        s.p[s.n - 1] == s.p[0]) {
        *name = hc_str_n(s.p + 1, s.n - 2);
        return name->n > 0 && hc_str_find(*name, s.p[0]) == name->n;
    }
    return s.n > 0 && hc_str_find(s, ' ') == s.n && hc_str_find(s, '\t') == s.n;
}

static void ini_name_section(struct hc_ini_section *s, struct hc_str text)
{
    struct hc_str name = text;
    size_t word = 0;

    while (word < INI_WORDS && !ini_has_word(text, ini_words[word], &name))
        word++;
    s->kind = INI_OTHER;
    s->name = text;
    if (s->file == INI_CREDENTIALS) {
        if (word == INI_WORDS && text.n > 0)
            s->kind = INI_PROFILE;
    } else if (word == INI_WORDS) {
        s->plain = hc_str_eqz(text, "default");
        if (s->plain)
            s->kind = INI_PROFILE;
    } else if (ini_unquote(&name)) {
        s->kind = (enum hc_ini_kind)word;
        s->name = name;
    }
}

static void ini_header(struct ini_reader *r, struct hc_str line)
{
    struct hc_str text = hc_str_from(line, 1);
    size_t end = hc_str_find(text, ']');
    struct hc_str rest = hc_str_trim(hc_str_from(text, end + 1));

    r->section = NULL;
    r->item = NULL;
    if (line.p[0] != '[')
        ini_file_fault(r, "blanks stand before the [ of a section");
    else if (end == text.n)
        ini_file_fault(r, "the name of a section has no ] at its end");
    else if (rest.n > 0 && !ini_is_comment(rest))
        ini_file_fault(r, "something follows the ] of a section");
    else
        r->section = ini_record(r, sizeof *r->section);
    if (r->section == NULL)
        return;
    r->section->line = r->line;
    r->section->file = r->file;
    ini_name_section(r->section, hc_str_trim(hc_str_n(text.p, end)));
    *r->ini->end = r->section;
    r->ini->end = &r->section->next;
    r->end = &r->section->items;
}

/* ---- a property ---- */

static struct hc_ini_item *ini_item(struct ini_reader *r, struct hc_str key,
                                    struct hc_str value)
{
    struct hc_ini_item *item = ini_record(r, sizeof *item);
    char *p = ini_at(r, key.p);

    if (item == NULL)
        return NULL;
    for (size_t i = 0; i < key.n; i++)
        p[i] = hc_lower(p[i]);
    *item = (struct hc_ini_item){ .key = key, .value = value, .line = r->line,
                                  .file = r->file };
    return item;
}

/* Without the comment that follows a blank. */
static struct hc_str ini_uncomment(struct hc_str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (ini_is_blank(s.p[i - 1]) && ini_is_comment(hc_str_from(s, i)))
            return hc_str_trim(hc_str_n(s.p, i));
    return s;
}

static void ini_property(struct ini_reader *r, struct hc_str s, size_t indent)
{
    s = ini_uncomment(s);
    size_t equals = hc_str_find(s, '='), colon = hc_str_find(s, ':');
    size_t at = equals < colon ? equals : colon;
    struct hc_str key = hc_str_trim(hc_str_n(s.p, at));

    if (at == s.n || key.n == 0) {
        ini_section_fault(r, "this line is no setting such as region = "
                             "eu-west-1");
        return;
    }
    r->item = ini_item(r, key, hc_str_trim(hc_str_from(s, at + 1)));
    r->indent = indent;
    if (r->item == NULL)
        return;
    *r->end = r->item;
    r->end = &r->item->next;
    r->nested_end = &r->item->nested;
}

/* Comments are not cut here: botocore, like the others, takes them as text. */
static void ini_nested(struct ini_reader *r, struct hc_str s)
{
    size_t at = hc_str_find(s, '=');
    struct hc_str key = hc_str_trim(hc_str_n(s.p, at));

    if (at == s.n || key.n == 0) {
        ini_section_fault(r, "this line is no setting of the block above it, "
                             "such as endpoint_url = https://...");
        return;
    }
    struct hc_ini_item *item =
        ini_item(r, key, hc_str_trim(hc_str_from(s, at + 1)));

    if (item == NULL)
        return;
    *r->nested_end = item;
    r->nested_end = &item->next;
}

/* The value of the current property goes on.  `s` lies behind it, at least a
 * line end and a blank away, so it moves down and meets nothing unread. */
static void ini_continue(struct ini_reader *r, struct hc_str s)
{
    struct hc_str *value = &r->item->value;
    char *end = ini_at(r, value->p) + value->n;

    end[0] = '\n';
    memmove(end + 1, s.p, s.n);
    value->n += 1 + s.n;
}

/* ---- a file ---- */

static void ini_line(struct ini_reader *r)
{
    struct hc_str line = hc_str_cut(&r->rest, '\n');

    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    r->line++;
    struct hc_str s = hc_str_trim(line);
    size_t indent = (size_t)(s.p - line.p);

    if (hc_str_find(line, '\0') < line.n)
        ini_file_fault(r, "this line holds a NUL byte");
    else if (s.n == 0 || ini_is_comment(s))
        return;
    else if (s.p[0] == '[')
        ini_header(r, line);
    else if (r->section == NULL)
        ini_file_fault(r, "this line stands before the first section");
    else if (r->section->kind == INI_OTHER)
        return;
    else if (r->item == NULL || indent <= r->indent)
        ini_property(r, s, indent);
    else if (r->item->value.n == 0)
        ini_nested(r, s);
    else
        ini_continue(r, s);
}

static bool ini_is(const struct hc_ini_section *s, enum hc_ini_kind kind,
                   struct hc_str name)
{
    return s->kind == kind && hc_str_eq(s->name, name);
}

/* Where config has [profile default], [default] counts for nothing. */
static void ini_drop_plain(struct hc_ini *ini)
{
    bool drop = false;

    for (struct hc_ini_section *s = ini->sections; s != NULL; s = s->next)
        drop = drop || (s->file == INI_CONFIG && !s->plain &&
                        ini_is(s, INI_PROFILE, HC_STR("default")));
    for (struct hc_ini_section *s = ini->sections; s != NULL; s = s->next)
        if (drop && s->plain) {
            s->kind = INI_OTHER;
            s->name = HC_STR("");
            s->items = NULL;
        }
}

void hc_ini_init(struct hc_ini *ini, const struct hc_alloc *alloc)
{
    *ini = (struct hc_ini){ .sections = NULL };
    ini->end = &ini->sections;
    hc_arena_init(&ini->arena, alloc, SIZE_MAX);
    for (size_t i = 0; i < HC_INI_FILES; i++)
        hc_buf_init_secret(&ini->source[i].text, alloc, HC_INI_MAX);
}

void hc_ini_fini(struct hc_ini *ini)
{
    for (size_t i = 0; i < HC_INI_FILES; i++)
        hc_buf_fini(&ini->source[i].text);
    hc_arena_fini(&ini->arena);
    ini->sections = NULL;
}

int hc_ini_lacks(struct hc_ini *ini, enum hc_ini_file file, const char *path)
{
    struct hc_ini_source *source = &ini->source[file];

    source->is_absent = true;
    source->path = hc_arena_str(&ini->arena, hc_str(path)).p;
    return hc_arena_error(&ini->arena);
}

int hc_ini_refuse(struct hc_ini *ini, enum hc_ini_file file, const char *path,
                  struct hc_str why)
{
    struct hc_ini_source *source = &ini->source[file];

    source->path = hc_arena_str(&ini->arena, hc_str(path)).p;
    source->wrong = hc_arena_str(&ini->arena, why).p;
    source->wrong_line = 0;
    return hc_arena_error(&ini->arena);
}

int hc_ini_read(struct hc_ini *ini, enum hc_ini_file file, const char *path,
                struct hc_str text)
{
    struct ini_reader r = { .ini = ini, .source = &ini->source[file],
                            .file = file };
    struct hc_buf *copy = &r.source->text;

    if (text.n > HC_INI_MAX) {
        const char *why = hc_arena_fmt(
            &ini->arena, "%.*s: the file is longer than 1 MiB",
            (int)(strlen(path) > INI_SHOWN ? INI_SHOWN : strlen(path)), path);

        return hc_ini_refuse(ini, file, path, hc_str(why));
    }
    r.source->path = hc_arena_str(&ini->arena, hc_str(path)).p;
    hc_buf_str(copy, text);
    if (hc_buf_error(copy) < 0)
        return hc_buf_error(copy);
    r.rest = hc_str_unmarked(hc_buf_view(copy));
    while (r.rest.n > 0 && hc_arena_error(&ini->arena) == 0)
        ini_line(&r);
    if (file == INI_CONFIG)
        ini_drop_plain(ini);
    return hc_arena_error(&ini->arena);
}

/* ---- what is wrong ---- */

static struct hc_str ini_shown(const struct hc_ini *ini, enum hc_ini_file file)
{
    struct hc_str path = hc_str(ini->source[file].path);

    return path.n > INI_SHOWN ? hc_str_n(path.p, INI_SHOWN) : path;
}

static int ini_say(const struct hc_ini *ini, enum hc_ini_file file, size_t line,
                   const char *wrong, struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%.*s:%zu: %s",
                        HC_STR_ARG(ini_shown(ini, file)), line, wrong);
}

int hc_ini_check(const struct hc_ini *ini, struct headcount_error *e)
{
    static const enum hc_ini_file files[] = { INI_CONFIG, INI_CREDENTIALS };

    for (size_t i = 0; i < HC_INI_FILES; i++) {
        const struct hc_ini_source *source = &ini->source[files[i]];

        if (source->wrong != NULL && source->wrong_line == 0)
            return hc_error_set(e, HEADCOUNT_ECONFIG, "%s", source->wrong);
        if (source->wrong != NULL)
            return ini_say(ini, files[i], source->wrong_line, source->wrong, e);
    }
    return 0;
}

int hc_ini_open(const struct hc_ini *ini, enum hc_ini_kind kind,
                struct hc_str name, struct hc_ini_view *out,
                struct headcount_error *e)
{
    int got = hc_ini_check(ini, e);

    *out = (struct hc_ini_view){ ini, kind, name };
    for (const struct hc_ini_section *s = ini->sections; s != NULL && got >= 0;
         s = s->next) {
        if (!ini_is(s, kind, name))
            continue;
        got = 1;
        if (s->wrong != NULL)
            got = ini_say(ini, s->file, s->wrong_line, s->wrong, e);
    }
    return got;
}

/* ---- a name that is not there ---- */

/* Somebody meant this name and wrote it in a way that AWS's tools ignore. */
static bool ini_is_meant(const struct hc_ini_section *s, enum hc_ini_kind kind,
                         struct hc_str name)
{
    struct hc_str rest;

    if (s->kind != INI_OTHER || name.n == 0)
        return false;
    if (s->file == INI_CONFIG && hc_str_eq(s->name, name))
        return true;
    return ini_has_word(s->name, ini_words[kind], &rest) &&
           hc_str_eq(rest, name);
}

static int ini_say_meant(const struct hc_ini *ini,
                         const struct hc_ini_section *s, enum hc_ini_kind kind,
                         struct hc_str name, struct headcount_error *e)
{
    struct hc_str shown = ini_shown(ini, s->file);
    bool blank = hc_str_find(name, ' ') < name.n ||
                 hc_str_find(name, '\t') < name.n;
    const char *quote = blank ? "\"" : "";

    if (s->file == INI_CREDENTIALS)
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "%.*s:%zu: this file has profiles only, without "
                            "the word %s: AWS's tools ignore the section",
                            HC_STR_ARG(shown), s->line, ini_words[kind]);
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "%.*s:%zu: AWS's tools ignore this section: in config "
                        "it needs the word %s, as in [%s %s%.*s%s]",
                        HC_STR_ARG(shown), s->line, ini_words[kind],
                        ini_words[kind], quote, HC_STR_ARG(name), quote);
}

/* "dev, prod, ..." in `out`: some of the names of a kind. */
static void ini_names(const struct hc_ini *ini, enum hc_ini_kind kind,
                      char *out, size_t cap)
{
    struct hc_str seen[INI_NAMES];
    size_t n = 0, at = 0, i;

    out[0] = '\0';
    for (const struct hc_ini_section *s = ini->sections; s != NULL;
         s = s->next) {
        for (i = 0; i < n && !hc_str_eq(seen[i], s->name); i++)
            continue;
        if (s->kind != kind || i < n)
            continue;
        if (n == INI_NAMES || at + s->name.n + sizeof ", , ..." > cap) {
            hc_fmt(out + at, cap - at, n > 0 ? ", ..." : "...");
            return;
        }
        seen[n] = s->name;
        at += hc_fmt(out + at, cap - at, "%s%.*s", n > 0 ? ", " : "",
                     HC_STR_ARG(s->name));
        n++;
    }
}

/* " (there is no A and no B)" in `out`: the files that were looked for, of
 * those that could have this kind. */
static void ini_absent(const struct hc_ini *ini, enum hc_ini_kind kind,
                       char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    for (enum hc_ini_file f = 0; f < HC_INI_FILES; f++)
        if (ini->source[f].is_absent &&
            (f == INI_CONFIG || kind == INI_PROFILE))
            at += hc_fmt(out + at, cap - at, "%s%.*s",
                         at > 0 ? " and no " : " (there is no ",
                         HC_STR_ARG(ini_shown(ini, f)));
    if (at > 0)
        hc_fmt(out + at, cap - at, ")");
}

int hc_ini_missing(const struct hc_ini *ini, enum hc_ini_kind kind,
                   struct hc_str name, struct headcount_error *e)
{
    char names[200], absent[2 * INI_SHOWN + 40];
    struct hc_str shown = hc_str_n(name.p, name.n > 80 ? 80 : name.n);

    for (const struct hc_ini_section *s = ini->sections; s != NULL; s = s->next)
        if (ini_is_meant(s, kind, name))
            return ini_say_meant(ini, s, kind, shown, e);
    ini_names(ini, kind, names, sizeof names);
    ini_absent(ini, kind, absent, sizeof absent);
    return hc_error_set(e, HEADCOUNT_ECONFIG,
                        "the files of ~/.aws have no %s `%.*s`; %s%s%s",
                        ini_words[kind], HC_STR_ARG(shown),
                        names[0] != '\0' ? "there are: " : "they have none",
                        names, absent);
}

/* ---- what is there ---- */

static const struct hc_ini_item *ini_last(const struct hc_ini_item *item,
                                          struct hc_str key,
                                          const struct hc_ini_item *found)
{
    for (; item != NULL; item = item->next)
        if (hc_str_eq(item->key, key))
            found = item;
    return found;
}

static const struct hc_ini_item *ini_last_in(const struct hc_ini_view *v,
                                             enum hc_ini_file file,
                                             struct hc_str key)
{
    const struct hc_ini_item *found = NULL;

    for (const struct hc_ini_section *s = v->ini->sections; s != NULL;
         s = s->next)
        if (s->file == file && ini_is(s, v->kind, v->name))
            found = ini_last(s->items, key, found);
    return found;
}

static const struct hc_ini_item *ini_if_set(const struct hc_ini_item *item)
{
    bool is_set =
        item != NULL && (item->value.n > 0 || item->nested != NULL);

    return is_set ? item : NULL;
}

const struct hc_ini_item *hc_ini_find_in(const struct hc_ini_view *v,
                                         enum hc_ini_file file,
                                         struct hc_str key)
{
    return ini_if_set(ini_last_in(v, file, key));
}

const struct hc_ini_item *hc_ini_find(const struct hc_ini_view *v,
                                      struct hc_str key)
{
    const struct hc_ini_item *found = ini_last_in(v, INI_CREDENTIALS, key);

    if (found == NULL)
        found = ini_last_in(v, INI_CONFIG, key);
    return ini_if_set(found);
}

const struct hc_ini_item *hc_ini_find_nested(const struct hc_ini_item *item,
                                             struct hc_str key)
{
    return item != NULL ? ini_if_set(ini_last(item->nested, key, NULL)) : NULL;
}

int hc_ini_wrong(const struct hc_ini *ini, const struct hc_ini_item *item,
                 const char *wrong, struct headcount_error *e)
{
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%.*s:%zu: %.*s %s",
                        HC_STR_ARG(ini_shown(ini, item->file)), item->line,
                        HC_STR_ARG(item->key), wrong);
}

static int ini_value(const struct hc_ini *ini, const struct hc_ini_item *item,
                     bool lines, struct hc_str *out, struct headcount_error *e)
{
    const char *wrong = NULL;

    *out = HC_STR("");
    if (item == NULL)
        return 0;
    *out = item->value;
    if (item->nested != NULL)
        wrong = "has a block of settings below it instead of a value";
    for (size_t i = 0; i < out->n && wrong == NULL; i++) {
        unsigned char c = (unsigned char)out->p[i];

        if (c == '\n' && !lines)
            wrong = "goes on in the next line, because that is indented more";
        else if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
            wrong = "has a control byte in its value";
    }
    if (wrong == NULL)
        return 0;
    *out = HC_STR("");
    return hc_ini_wrong(ini, item, wrong, e);
}

int hc_ini_text(const struct hc_ini *ini, const struct hc_ini_item *item,
                struct hc_str *out, struct headcount_error *e)
{
    return ini_value(ini, item, false, out, e);
}

int hc_ini_lines(const struct hc_ini *ini, const struct hc_ini_item *item,
                 struct hc_str *out, struct headcount_error *e)
{
    return ini_value(ini, item, true, out, e);
}
