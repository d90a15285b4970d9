/* aws/profile.c - the settings of the profile `default` in a shared file.
 *
 *   file     = { blank | comment | section | setting | more }
 *   section  = "[" name "]" [ comment ]         in the first column
 *   name     = "default"                        in both files
 *            | "profile" blanks "default"       in config, also in quotes
 *   setting  = key ( "=" | ":" ) [ value ] [ blanks comment ]
 *   more     = more blanks than its setting has, and anything: the value goes
 *              on, or it has settings of its own (s3 =)
 *   comment  = ( "#" | ";" ) anything
 *
 * A line that is none of these is a fault of its section, and only faults of
 * our section count.  A line that could begin a section, and one before the
 * first section, are faults of the whole file: nobody knows what they hide.
 *
 * SDKs read two things differently, and here both readings count: only botocore
 * lets every profile inherit from "[DEFAULT]", and some SDKs read "key = value"
 * as a setting where it continues the value above.
 */
#include "aws/profile.h"

#include <string.h>

#define PROFILE_GO_ON 2

static int profile_fault(struct hc_profile *p, const char *wrong)
{
    p->wrong = wrong;
    return HEADCOUNT_ECONFIG;
}

/* ---- a section ---- */

static bool profile_is_ours(const struct hc_profile *p, struct hc_str name)
{
    struct hc_str word = HC_STR("profile");
    struct hc_str rest = hc_str_from(name, word.n);
    struct hc_str own = hc_str_trim(rest);

    if (hc_str_eqz(name, "default") || hc_str_eqz(name, "DEFAULT"))
        return true;
    if (p->file != PROFILE_CONFIG || !hc_str_starts(name, word) ||
        own.n == rest.n)
        return false;
    if (own.n >= 2 && (own.p[0] == '"' || own.p[0] == '\'') &&
        own.p[own.n - 1] == own.p[0])
        own = hc_str_n(own.p + 1, own.n - 2);
    return hc_str_eqz(own, "default");
}

static bool profile_is_comment(struct hc_str s)
{
    return s.n > 0 && (s.p[0] == '#' || s.p[0] == ';');
}

static int profile_section(struct hc_profile *p, struct hc_str line)
{
    struct hc_str name = hc_str_from(line, 1);
    size_t end = hc_str_find(name, ']');
    struct hc_str rest = hc_str_trim(hc_str_from(name, end + 1));

    if (line.p[0] != '[')
        return profile_fault(p, "blanks stand before the name of a section");
    if (end == name.n)
        return profile_fault(p, "the name of a section has no ] at its end");
    if (rest.n > 0 && !profile_is_comment(rest))
        return profile_fault(p, "something follows the name of a section");
    p->begun = true;
    p->ours = profile_is_ours(p, hc_str_trim(hc_str_n(name.p, end)));
    p->has_key = p->nests = false;
    return PROFILE_GO_ON;
}

/* ---- a setting ---- */

/* Without the comment that follows a blank. */
static struct hc_str profile_uncomment(struct hc_str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (profile_is_comment(hc_str_from(s, i)) &&
            (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
            return hc_str_trim(hc_str_n(s.p, i));
    return s;
}

static bool profile_split(struct hc_str s, struct hc_profile_setting *out)
{
    size_t equals, colon, at;

    s = profile_uncomment(s);
    equals = hc_str_find(s, '=');
    colon = hc_str_find(s, ':');
    at = equals < colon ? equals : colon;
    out->key = hc_str_trim(hc_str_n(s.p, at));
    out->value = hc_str_trim(hc_str_from(s, at + 1));
    return at < s.n && out->key.n > 0;
}

static int profile_line(struct hc_profile *p, struct hc_str line,
                        struct hc_profile_setting *out)
{
    struct hc_str text = hc_str_trim(line);
    size_t indent = (size_t)(text.p - line.p);
    bool more = p->has_key && indent > p->indent;
    bool is_setting = profile_split(text, out);

    out->line = p->line;
    if (more && !p->nests)
        return is_setting ? 1 : PROFILE_GO_ON;
    if (!is_setting)
        return profile_fault(p, "it is no section, no comment, and no setting "
                             "such as region = eu-west-1");
    if (more)
        return PROFILE_GO_ON;
    p->has_key = true;
    p->nests = out->value.n == 0;
    p->indent = indent;
    return 1;
}

/* ---- the file ---- */

static int profile_once(struct hc_profile *p, struct hc_profile_setting *out)
{
    struct hc_str line = hc_str_cut(&p->rest, '\n');

    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    p->line++;
    struct hc_str text = hc_str_trim(line);

    if (hc_str_find(line, '\0') < line.n)
        return profile_fault(p, "it holds a NUL byte");
    if (text.n == 0 || profile_is_comment(text))
        return PROFILE_GO_ON;
    if (text.p[0] == '[')
        return profile_section(p, line);
    if (!p->begun)
        return profile_fault(p, "it stands before the first section");
    return p->ours ? profile_line(p, line, out) : PROFILE_GO_ON;
}

void hc_profile_init(struct hc_profile *p, struct hc_str text,
                     enum hc_profile_file file)
{
    struct hc_str mark = HC_STR("\xEF\xBB\xBF");

    *p = (struct hc_profile){ .rest = text, .file = file };
    if (hc_str_starts(text, mark))
        p->rest = hc_str_from(text, mark.n);
}

int hc_profile_next(struct hc_profile *p, struct hc_profile_setting *out)
{
    int got = p->wrong != NULL ? HEADCOUNT_ECONFIG : PROFILE_GO_ON;

    while (got == PROFILE_GO_ON && p->rest.n > 0)
        got = profile_once(p, out);
    return got == PROFILE_GO_ON ? 0 : got;
}
