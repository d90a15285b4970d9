/* cli/table.c - see table.h. */
#include "table.h"

#include <string.h>

#include "base/text.h"
#include "headcount.h"

enum { SIGN, CLUSTER, SERVICE, NOW, WANT, DELTA, HOSTS, WORD, TEXT, WAY };

#define INDENT 4                  /* of the second line of a row             */
#define WHY_LEAST 20              /* columns that long names leave for it    */
#define NAME_LEAST 8

struct row {
    struct hc_str cell[TABLE_CELLS];
};

struct table {
    FILE *out;
    const struct look *look;
    const char *rows;
    size_t width[WORD];           /* of the columns                          */
    size_t pad, column;           /* blanks that come before the next text;
                                     where that begins                       */
};

/* False: there is no row any more. */
static bool next_row(const char **at, struct row *r)
{
    if (**at == '\0')
        return false;
    for (int i = 0; i < TABLE_CELLS; i++) {
        size_t n = strcspn(*at, "\t\n");

        r->cell[i] = hc_str_n(*at, n);
        *at += n + ((*at)[n] != '\0');
    }
    return true;
}

static void skip(struct hc_str *text, size_t n)
{
    *text = hc_str_n(text->p + n, text->n - n);
}

/* ---- widths ---- */

/* A terminal shows it in two columns. */
static bool is_wide(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 },
        { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff01, 0xff60 },
        { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

static size_t width_of(struct hc_str text)
{
    size_t columns = 0;
    bool seen;

    while (text.n > 0) {
        columns += 1 + is_wide(hc_text_code(text));
        skip(&text, headcount_text_next(text.p, text.n, &seen));
    }
    return columns;
}

/* "3" of "3 active hosts", "3 registered" of "3 registered hosts": the head of
 * the column says the rest, and active is what is counted by default. */
static struct hc_str hosts_of(struct hc_str cell)
{
    static const char *const ends[] = { " active host", " host" };

    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(ends[i]);

        for (size_t at = 0; at + n <= cell.n; at++)
            if (memcmp(cell.p + at, ends[i], n) == 0)
                return hc_str_n(cell.p, at);
    }
    return cell;
}

static struct hc_str shown(const struct row *r, int i)
{
    return i == HOSTS ? hosts_of(r->cell[i]) : r->cell[i];
}

static void widen(struct table *t, const struct row *r)
{
    for (int i = CLUSTER; i < WORD; i++) {
        size_t n = width_of(shown(r, i));

        if (n > t->width[i])
            t->width[i] = n;
    }
}

/* The column where the reason begins: behind a sign, and two blanks between
 * columns but for the arrow between the counts. */
static size_t why_at(const struct table *t)
{
    size_t at = 2 + 2;

    for (int i = CLUSTER; i < WORD; i++)
        at += t->width[i] + 2;
    return at;
}

/* Long names leave room for the reason: a name that is longer than its column
 * has a line for itself. */
static void narrow(struct table *t)
{
    size_t *a = &t->width[CLUSTER], *b = &t->width[SERVICE];
    size_t names = *a + *b, other = why_at(t) - names + WHY_LEAST;
    size_t room = t->look->columns > other + 2 * NAME_LEAST
                      ? t->look->columns - other : 2 * NAME_LEAST;

    if (names <= room)
        return;
    if (*a <= room / 2)
        *b = room - *a;
    else if (*b <= room / 2)
        *a = room - *b;
    else
        *a = *b = room / 2;
}

/* ---- pieces of a line ---- */

static void put(struct table *t, struct hc_str text)
{
    if (text.n > 0) {
        fprintf(t->out, "%*s", (int)t->pad, "");
        fwrite(text.p, 1, text.n, t->out);
        t->pad = 0;
    }
    t->column += width_of(text);
}

static void put_blanks(struct table *t, size_t n)
{
    t->pad += n;
    t->column += n;
}

static void end_line(struct table *t, size_t indent)
{
    fputc('\n', t->out);
    t->pad = t->column = 0;
    put_blanks(t, indent);
}

/* A word, on another line if there is no room for it and for one character that
 * may follow at once. */
static void put_word(struct table *t, struct hc_str word, bool may_break)
{
    if (may_break && t->column > INDENT &&
        t->column + width_of(word) >= t->look->columns) {
        end_line(t, INDENT);
        skip(&word, word.n > 0 && *word.p == ' ');
    }
    put(t, word);
}

/* A text that continues the one before it, or `begins` one. */
static void put_words(struct table *t, struct hc_str text, bool begins)
{
    while (text.n > 0) {
        size_t n = *text.p == ' ';

        while (n < text.n && text.p[n] != ' ')
            n++;
        put_word(t, hc_str_n(text.p, n), begins || *text.p == ' ');
        skip(&text, n);
        begins = false;
    }
}

/* "; to let it pass: --allow zero --service web": the words to type stay in one
 * line. */
static void put_way(struct table *t, struct hc_str way)
{
    size_t n = 0;

    while (n < way.n && way.p[n] != ':')
        n++;
    n += n < way.n;
    put_words(t, hc_str_n(way.p, n), false);
    skip(&way, n);
    put_word(t, way, true);
}

static const char *colour_of(char sign)
{
    return sign == '~' ? "33" : sign == '!' ? "35" : sign == 'x' ? "31" : "2";
}

static void begin_colour(const struct table *t, char sign)
{
    if (t->look->colour)
        fprintf(t->out, "\033[%sm", colour_of(sign));
}

static void end_colour(const struct table *t)
{
    if (t->look->colour)
        fputs("\033[0m", t->out);
}

/* A row that needs nobody is dim as a whole. */
static bool is_quiet(char sign)
{
    return sign == '=' || sign == '.' || sign == ' ';
}

/* ---- a row ---- */

/* The row above that said this already; false: none. */
static bool said_before(const struct table *t, const struct row *r,
                        struct row *before)
{
    const char *at = t->rows, *sign = r->cell[SIGN].p;

    while ((*sign == 'x' || *sign == '.') && next_row(&at, before) &&
           before->cell[SIGN].p < sign)
        if (hc_str_eq(before->cell[WORD], r->cell[WORD]) &&
            hc_str_eq(before->cell[TEXT], r->cell[TEXT]))
            return true;
    return false;
}

static void put_why(struct table *t, const struct row *r)
{
    struct hc_str word = r->cell[WORD], text = r->cell[TEXT];
    struct row before;
    bool again = said_before(t, r, &before);

    /* The sign says that much. */
    if (*r->cell[SIGN].p == '~' || *r->cell[SIGN].p == '=')
        word = HC_STR("");
    put_words(t, word, true);
    if (word.n > 0 && text.n > 0) {
        put(t, HC_STR(":"));
        put_blanks(t, 1);
    }
    if (again) {
        put_words(t, HC_STR("as "), true);
        text = before.cell[CLUSTER];
    }
    put_words(t, text, !again);
    put_way(t, r->cell[WAY]);
}

static void put_cell(struct table *t, const struct row *r, int i)
{
    struct hc_str cell = shown(r, i);
    size_t n = width_of(cell), width = t->width[i];
    bool to_left = i == CLUSTER || i == SERVICE || i == WANT;

    if (!to_left)
        put_blanks(t, width - n);
    put(t, cell);
    if (n > width)                        /* a name alone can be that long */
        end_line(t, t->column - n + width);
    else if (to_left)
        put_blanks(t, width - n);
    if (i == NOW && r->cell[WANT].n > 0)
        put(t, HC_STR(" -> "));
    else
        put_blanks(t, i == NOW ? 4 : 2);
}

static void put_row(struct table *t, struct row *r, struct hc_str *cluster)
{
    char sign = *r->cell[SIGN].p;
    bool quiet = is_quiet(sign);

    t->column = 0;
    begin_colour(t, sign);
    put(t, r->cell[SIGN]);
    if (!quiet)
        end_colour(t);
    put_blanks(t, 1);
    for (int i = CLUSTER; i < WORD; i++) {
        struct row one = *r;

        if (i == CLUSTER && hc_str_eq(*cluster, r->cell[i]))
            one.cell[i].n = 0;
        put_cell(t, &one, i);
    }
    *cluster = r->cell[CLUSTER];
    put_why(t, r);
    if (quiet)
        end_colour(t);
    end_line(t, 0);
}

static void put_legend(struct table *t)
{
    static const char *const words[] = { "~ change", "! held", "x failed",
                                         "= unchanged", ". skipped" };
    const char *between = "";

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = t->rows;
        bool used = false;
        struct row r;

        while (!used && next_row(&at, &r))
            used = *r.cell[SIGN].p == *words[i];
        if (!used)
            continue;
        fputs(between, t->out);
        begin_colour(t, *words[i]);
        fputs(words[i], t->out);
        end_colour(t);
        between = "  ";
    }
    fputc('\n', t->out);
}

static void put_table(struct table *t)
{
    static const char head[] =
        " \tCLUSTER\tSERVICE\tNOW\tWANT\tDELTA\tHOSTS\t\tWHY\t\n";
    struct hc_str cluster = HC_STR("");
    const char *at = head;
    struct row r;

    next_row(&at, &r);
    widen(t, &r);
    for (at = t->rows; next_row(&at, &r);)
        widen(t, &r);
    narrow(t);
    at = head;
    next_row(&at, &r);
    put_row(t, &r, &cluster);
    for (at = t->rows; next_row(&at, &r);)
        put_row(t, &r, &cluster);
    put_legend(t);
}

/* A row of its own: nothing of it stands in another line. */
static void put_line(struct table *t, const struct row *r)
{
    begin_colour(t, *r->cell[SIGN].p);
    put(t, r->cell[SIGN]);
    end_colour(t);
    for (int i = CLUSTER; i < TABLE_CELLS; i++) {
        if (r->cell[i].n == 0)
            continue;
        put(t, i == CLUSTER ? HC_STR(" ") : i == WANT ? HC_STR(" -> ")
               : i == TEXT ? HC_STR(": ") : i == WAY ? HC_STR("")
                                                     : HC_STR("  "));
        put(t, r->cell[i]);
    }
    fputc('\n', t->out);
}

void table_put(FILE *out, const char *rows, const struct look *look)
{
    struct table t = { .out = out, .look = look, .rows = rows };
    struct row r;

    if (*rows != '\0' && look->terminal)
        put_table(&t);
    else
        while (next_row(&rows, &r))
            put_line(&t, &r);
}
