/* cli/page/page.h - one HTML file that needs nothing else: no script, no font
 * and no picture from elsewhere, light or dark as the reader's system is.
 *
 *     page_begin(out, "a title", NULL, 45);
 *     page_paragraph(out, "dim", "what it is");
 *     page_heading(out, "a part of it");
 *     page_table(out, "what the table has", heads, 2);
 *     page_row(out, heads, cells, 2);              as often as there are rows
 *     page_table_end(out);
 *     fputs("<hr>\n", out);                 a fragment of one's own, as it is
 *     page_end(out);
 *
 * Each text may come from elsewhere: it is escaped.  A class is one of ours:
 * "good", "warn", "bad", "dim" (colours that can be read on both backgrounds),
 * "n" (a number), "t" (a long text, which may break anywhere) or "r" (one that
 * does not break), or several with blanks between; NULL is none.
 */
#ifndef CLI_PAGE_PAGE_H
#define CLI_PAGE_PAGE_H

#include <stddef.h>
#include <stdio.h>

/* CSS of the colours, which a picture has, too: --bg, --fg, --dim, --line (of
 * tables and axes), --good, --warn, --bad. */
extern const char page_colours[];

struct page_cell {
    const char *text;
    const char *class;       /* of a head: of its column, too                */
};

/* The title is the first heading, too.  `style` is CSS of the caller's own that
 * stands behind that of all pages, or NULL.  A window of at most `rem` (16
 * pixels each) is too narrow for the page's tables. */
void page_begin(FILE *out, const char *title, const char *style, unsigned rem);
void page_heading(FILE *out, const char *text);
void page_paragraph(FILE *out, const char *class, const char *text);
/* A table that a screen reader understands.  In a narrow window each row is a
 * list, in which the columns' heads stand before the cells. */
void page_table(FILE *out, const char *caption, const struct page_cell *heads,
                size_t n);
/* The first cell is the row's head.  A cell without a class has its column's;
 * an empty one shows as nothing. */
void page_row(FILE *out, const struct page_cell *heads,
              const struct page_cell *cells, size_t n);
void page_table_end(FILE *out);
void page_end(FILE *out);

/* Text between tags, or in an attribute in double quotes; of HTML and of SVG.
 * U+FFFD stands for what a terminal would not show, a blank for a line break or
 * a tab; options stand for members (see plain.h). */
void page_text(FILE *out, const char *text);

#endif
