/* aws/xml.c - elements by name (contract: aws/xml.h).
 *
 *     document = misc* element misc*        misc = blank | comment | <? ?>
 *     element  = <name attributes /> | <name attributes> content* </name>
 *     content  = text | & entity ; | <![CDATA[ ]]> | misc | element
 *
 * The names of open elements are kept as slices of the text, so that each end
 * tag is compared with the element that it has to end.  A DTD is refused, and
 * with it entities that a document defines itself, which could expand without
 * bound.
 */
#include "aws/xml.h"

#include "base/text.h"

/* The text that is still to be read, and the elements that are open around
 * it. */
struct xml {
    struct hc_str rest;
    struct hc_str open[HC_XML_DEPTH];
    size_t depth;
    bool had_root;
    struct hc_xml_tag *tags;
    size_t tags_n;
    struct hc_xml_tag *in[HC_XML_DEPTH];    /* wanted, or NULL; of open[]    */
};

static bool xml_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool xml_is_name(char c)
{
    return (unsigned char)c > ' ' && c != '<' && c != '>' && c != '/' &&
           c != '=' && c != '"' && c != '\'' && c != '&' && c != '!' &&
           c != '?' && c != 0x7f;
}

/* Takes `prefix` off the front, if it is there. */
static bool xml_takes(struct xml *x, struct hc_str prefix)
{
    if (!hc_str_starts(x->rest, prefix))
        return false;
    x->rest = hc_str_from(x->rest, prefix.n);
    return true;
}

/* Takes all up to `end`, and that; false: it does not come. */
static bool xml_cut(struct xml *x, struct hc_str end, struct hc_str *out)
{
    for (size_t i = 0; i + end.n <= x->rest.n; i++) {
        if (!hc_str_starts(hc_str_from(x->rest, i), end))
            continue;
        *out = hc_str_n(x->rest.p, i);
        x->rest = hc_str_from(x->rest, i + end.n);
        return true;
    }
    return false;
}

static void xml_skip_blanks(struct xml *x)
{
    while (x->rest.n > 0 && xml_is_blank(x->rest.p[0]))
        x->rest = hc_str_from(x->rest, 1);
}

static struct hc_str xml_take_name(struct xml *x)
{
    size_t n = 0;

    while (n < x->rest.n && xml_is_name(x->rest.p[n]))
        n++;

    struct hc_str name = hc_str_n(x->rest.p, n);

    x->rest = hc_str_from(x->rest, n);
    return name;
}

/* ---- text ---- */

/* The buf that wants the text of the innermost open element, or NULL. */
static struct hc_buf *xml_out(const struct xml *x)
{
    struct hc_xml_tag *tag = x->depth > 0 ? x->in[x->depth - 1] : NULL;

    return tag != NULL ? tag->out : NULL;
}

/* Blanks before the first other byte do not belong to the value. */
static void xml_put(const struct xml *x, struct hc_str s)
{
    struct hc_buf *out = xml_out(x);

    while (out != NULL && out->n == 0 && s.n > 0 && xml_is_blank(s.p[0]))
        s = hc_str_from(s, 1);
    if (out != NULL)
        hc_buf_str(out, s);
}

/* "#65", "#x41"; only what XML 1.0, 2.2 calls a character. */
static int xml_put_number(const struct xml *x, struct hc_str s)
{
    uint64_t code = 0;
    char utf8[4];
    bool hex = s.n > 1 && s.p[1] == 'x';
    bool read = hex ? hc_str_hex_u64(hc_str_from(s, 2), &code)
                    : hc_str_u64(hc_str_from(s, 1), &code);

    if (!read || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ||
        (code < ' ' && code != '\t' && code != '\n' && code != '\r'))
        return HEADCOUNT_ESYNTAX;
    xml_put(x, hc_str_n(utf8, hc_text_utf8(utf8, (uint32_t)code)));
    return 0;
}

static int xml_entity(struct xml *x)
{
    static const struct { const char *name, *text; } known[] = {
        { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "quot", "\"" },
        { "apos", "'" },
    };
    struct hc_str name;
    size_t end = hc_str_find(x->rest, ';');

    if (end == x->rest.n || end < 2 || end > 12)
        return HEADCOUNT_ESYNTAX;
    name = hc_str_n(x->rest.p + 1, end - 1);
    x->rest = hc_str_from(x->rest, end + 1);
    if (name.p[0] == '#')
        return xml_put_number(x, name);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (!hc_str_eqz(name, known[i].name))
            continue;
        xml_put(x, hc_str(known[i].text));
        return 0;
    }
    return HEADCOUNT_ESYNTAX;
}

static int xml_text(struct xml *x)
{
    size_t n = 0;

    while (n < x->rest.n && x->rest.p[n] != '<' && x->rest.p[n] != '&')
        n++;
    xml_put(x, hc_str_n(x->rest.p, n));
    x->rest = hc_str_from(x->rest, n);
    return 0;
}

/* ---- elements ---- */

/* The first element of a name counts, whatever its namespace. */
static struct hc_xml_tag *xml_wanted(const struct xml *x, struct hc_str name)
{
    size_t colon = hc_str_find(name, ':');
    struct hc_str local = colon < name.n ? hc_str_from(name, colon + 1) : name;

    for (size_t i = 0; i < x->tags_n; i++)
        if (!x->tags[i].found && hc_str_eqz(local, x->tags[i].name)) {
            x->tags[i].found = true;
            return &x->tags[i];
        }
    return NULL;
}

static int xml_end(struct xml *x)
{
    struct hc_buf *out = xml_out(x);

    while (out != NULL && out->n > 0 && xml_is_blank(out->p[out->n - 1]))
        out->n--;
    x->depth--;
    x->had_root = true;
    return 0;
}

/* name = "value": read over, nothing of it is kept. */
static int xml_attribute(struct xml *x)
{
    struct hc_str value;

    if (xml_take_name(x).n == 0)
        return HEADCOUNT_ESYNTAX;
    xml_skip_blanks(x);
    if (!xml_takes(x, HC_STR("=")))
        return HEADCOUNT_ESYNTAX;
    xml_skip_blanks(x);
    if (xml_takes(x, HC_STR("\"")))
        return xml_cut(x, HC_STR("\""), &value) ? 0 : HEADCOUNT_ESYNTAX;
    if (xml_takes(x, HC_STR("'")))
        return xml_cut(x, HC_STR("'"), &value) ? 0 : HEADCOUNT_ESYNTAX;
    return HEADCOUNT_ESYNTAX;
}

static int xml_start_tag(struct xml *x)
{
    struct hc_str name = xml_take_name(x);

    if (name.n == 0 || (x->depth == 0 && x->had_root))
        return HEADCOUNT_ESYNTAX;
    if (x->depth == HC_XML_DEPTH)
        return HEADCOUNT_ELIMIT;
    x->open[x->depth] = name;
    x->in[x->depth++] = xml_wanted(x, name);
    for (;;) {
        xml_skip_blanks(x);
        if (xml_takes(x, HC_STR(">")))
            return 0;
        if (xml_takes(x, HC_STR("/>")))
            return xml_end(x);
        int err = xml_attribute(x);

        if (err < 0)
            return err;
    }
}

static int xml_end_tag(struct xml *x)
{
    struct hc_str name = xml_take_name(x);

    xml_skip_blanks(x);
    if (x->depth == 0 || !hc_str_eq(name, x->open[x->depth - 1]) ||
        !xml_takes(x, HC_STR(">")))
        return HEADCOUNT_ESYNTAX;
    return xml_end(x);
}

/* ---- the document ---- */

static int xml_markup(struct xml *x)
{
    struct hc_str inside;

    if (xml_takes(x, HC_STR("<!--")))
        return xml_cut(x, HC_STR("-->"), &inside) ? 0 : HEADCOUNT_ESYNTAX;
    if (xml_takes(x, HC_STR("<?")))
        return xml_cut(x, HC_STR("?>"), &inside) ? 0 : HEADCOUNT_ESYNTAX;
    if (xml_takes(x, HC_STR("<![CDATA["))) {
        if (x->depth == 0 || !xml_cut(x, HC_STR("]]>"), &inside))
            return HEADCOUNT_ESYNTAX;
        xml_put(x, inside);
        return 0;
    }
    if (xml_takes(x, HC_STR("</")))
        return xml_end_tag(x);
    return xml_takes(x, HC_STR("<")) ? xml_start_tag(x) : HEADCOUNT_ESYNTAX;
}

static int xml_once(struct xml *x)
{
    if (x->rest.p[0] == '<')
        return xml_markup(x);
    if (x->depth == 0 && !xml_is_blank(x->rest.p[0]))
        return HEADCOUNT_ESYNTAX;
    if (x->depth == 0) {
        xml_skip_blanks(x);
        return 0;
    }
    return x->rest.p[0] == '&' ? xml_entity(x) : xml_text(x);
}

int hc_xml_get(struct hc_str text, struct hc_xml_tag *tags, size_t n)
{
    struct xml x = { .rest = text, .tags = tags, .tags_n = n };
    int err = text.n > HC_XML_TEXT ? HEADCOUNT_ELIMIT
            : !hc_text_is_utf8(text) ? HEADCOUNT_ESYNTAX : 0;

    xml_takes(&x, HC_STR("\xEF\xBB\xBF"));
    while (err == 0 && x.rest.n > 0)
        err = xml_once(&x);
    if (err == 0 && (x.depth > 0 || !x.had_root))
        err = HEADCOUNT_ESYNTAX;
    for (size_t i = 0; err == 0 && i < n; i++)
        err = hc_buf_error(tags[i].out);
    return err;
}
