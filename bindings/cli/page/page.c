/* cli/page/page.c - see page.h. */
#include "page/page.h"

#include <string.h>

#include "plain.h"

/* The policy lets no script run and no file be requested: what a name smuggled
 * in could do nothing. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none';style-src 'unsafe-inline';img-src data:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>";

/* Each colour of text has a contrast of 4.5 or more (`make pages`). */
const char page_colours[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--dim:#57606a;"
    "--line:#c8cfd6;--good:#1a6e35;--warn:#7d4e00;--bad:#b3192d}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e4e8ec;"
    "--dim:#a0a9b3;--line:#3d444d;--good:#6fdd8b;--warn:#e8b64c;"
    "--bad:#ff9191}}\n";

static const char style_of_all[] =
    "body{max-width:75rem;margin:auto;padding:1rem;background:var(--bg);"
    "color:var(--fg);font:1rem/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}\n"
    "h1{font-size:1.5rem}h2{font-size:1.2rem}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "caption{text-align:left;padding-top:1rem;color:var(--dim)}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-top:1px solid var(--line);font-weight:400;"
    "overflow-wrap:break-word}\n"
    "thead th{border:0;font-weight:600}\n"
    ".n{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}\n"
    ".t{overflow-wrap:anywhere;min-width:9rem}.r{white-space:nowrap}\n"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}"
    ".dim{color:var(--dim)}\n";

/* Rows are lists in a window that is too narrow for the tables. */
static const char style_of_lists[] =
    "{caption,table,tbody,tr,th,td{display:block}"
    "thead{display:none}tr{border-top:1px solid var(--line);padding:.5rem 0}"
    "th,td,.n{border:0;padding:0;text-align:left}"
    "th{font-weight:600}"
    "td::before{content:attr(data-h)\": \";color:var(--dim)}"
    "td:empty{display:none}}\n";

/* NULL: the character stands for itself. */
static const char *entity_of(char c)
{
    switch (c) {
    case '&':  return "&amp;";
    case '<':  return "&lt;";
    case '>':  return "&gt;";
    case '"':  return "&quot;";
    case '\'': return "&#39;";
    case '\n':
    case '\r':
    case '\t': return " ";
    default:   return NULL;
    }
}

void page_text(FILE *out, const char *text)
{
    struct plain_walk walk = { .text = text, .n = strlen(text) };

    while (plain_next(&walk)) {
        const char *entity = entity_of(*walk.shown);

        if (entity)
            fputs(entity, out);
        else if (walk.seen)
            fwrite(walk.shown, 1, walk.shown_n, out);
        else
            fputs("\xef\xbf\xbd", out);
    }
}

/* Ends a tag that has its name and perhaps attributes, and writes the rest. */
static void put_rest(FILE *out, const char *tag, const char *class,
                     const char *text)
{
    if (class)
        fprintf(out, " class=\"%s\"", class);
    fputc('>', out);
    page_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

static void put_element(FILE *out, const char *tag, const char *class,
                        const char *text)
{
    fprintf(out, "<%s", tag);
    put_rest(out, tag, class, text);
}

void page_begin(FILE *out, const char *title, const char *style, unsigned rem)
{
    fputs(head, out);
    page_text(out, title);
    fputs("</title>\n<style>\n", out);
    fputs(page_colours, out);
    fputs(style_of_all, out);
    fprintf(out, "@media(max-width:%urem)%s", rem, style_of_lists);
    if (style)
        fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<main>\n", out);
    put_element(out, "h1", NULL, title);
}

void page_heading(FILE *out, const char *text)
{
    put_element(out, "h2", NULL, text);
}

void page_paragraph(FILE *out, const char *class, const char *text)
{
    put_element(out, "p", class, text);
}

void page_table(FILE *out, const char *caption, const struct page_cell *heads,
                size_t n)
{
    fputs("<table>\n<caption>", out);
    page_text(out, caption);
    fputs("</caption>\n<thead>\n<tr>\n", out);
    for (size_t i = 0; i < n; i++) {
        fputs("<th scope=\"col\"", out);
        put_rest(out, "th", heads[i].class, heads[i].text);
    }
    fputs("</tr>\n</thead>\n<tbody>\n", out);
}

void page_row(FILE *out, const struct page_cell *heads,
              const struct page_cell *cells, size_t n)
{
    fputs("<tr>\n", out);
    for (size_t i = 0; i < n; i++) {
        const char *class = cells[i].class ? cells[i].class : heads[i].class;

        if (i > 0) {
            fputs("<td data-h=\"", out);
            page_text(out, heads[i].text);
            fputc('"', out);
        } else {
            fputs("<th scope=\"row\"", out);
        }
        put_rest(out, i > 0 ? "td" : "th", class, cells[i].text);
    }
    fputs("</tr>\n", out);
}

void page_table_end(FILE *out)
{
    fputs("</tbody>\n</table>\n", out);
}

void page_end(FILE *out)
{
    fputs("</main>\n</body>\n</html>\n", out);
}
