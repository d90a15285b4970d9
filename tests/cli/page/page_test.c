/* tests/cli/page/page_test.c - the bytes of a page, and what stands for text
 * that could end a tag. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/page.h"

static FILE *out;
static char *bytes;
static size_t bytes_n;

static void open_page(void)
{
    out = open_memstream(&bytes, &bytes_n);
    CHECK(out != NULL);
}

static void close_page(void)
{
    fclose(out);
    free(bytes);
    bytes = NULL;
}

static struct hc_str written(void)
{
    fflush(out);
    return hc_str_n(bytes, bytes_n);
}

static void check_text(const char *text, const char *want)
{
    open_page();
    page_text(out, text);
    CHECK_STR(written(), want);
    close_page();
}

TEST(page, text_is_escaped)
{
    check_text("web", "web");
    check_text("", "");
    check_text("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;");
    check_text("</script><!--", "&lt;/script&gt;&lt;!--");
    check_text("b\xc3\xa4r \xe2\x82\xac", "b\xc3\xa4r \xe2\x82\xac");
}

TEST(page, what_is_not_shown_is_replaced)
{
    check_text("a\x01\x1b[31m", "a\xef\xbf\xbd\xef\xbf\xbd[31m");
    check_text("a\nb\tc\rd", "a b c d");
    check_text("\xff<", "\xef\xbf\xbd&lt;");
    check_text("\xe2\x80\xae" "x", "\xef\xbf\xbdx");    /* right to left */
    check_text("\xc3", "\xef\xbf\xbd");
}

TEST(page, members_become_options)
{
    check_text("see config.ca_bundle", "see --ca-bundle");
    check_text("myconfig.ca_bundle", "myconfig.ca_bundle");
}

TEST(page, table)
{
    const struct page_cell heads[] = { { "service", "t" }, { "tas\"ks", "n" } };
    const struct page_cell cells[] = { { "<web>", NULL }, { "3", "n bad" } };
    const struct page_cell plain[] = { { "db", NULL }, { "", NULL } };

    open_page();
    page_table(out, "a & b", heads, 2);
    page_row(out, heads, cells, 2);
    page_row(out, heads, plain, 2);
    page_table_end(out);
    CHECK_STR(written(),
        "<table>\n<caption>a &amp; b</caption>\n<thead>\n<tr>\n"
        "<th scope=\"col\" class=\"t\">service</th>\n"
        "<th scope=\"col\" class=\"n\">tas&quot;ks</th>\n"
        "</tr>\n</thead>\n<tbody>\n"
        "<tr>\n<th scope=\"row\" class=\"t\">&lt;web&gt;</th>\n"
        "<td data-h=\"tas&quot;ks\" class=\"n bad\">3</td>\n</tr>\n"
        "<tr>\n<th scope=\"row\" class=\"t\">db</th>\n"
        "<td data-h=\"tas&quot;ks\" class=\"n\"></td>\n</tr>\n"
        "</tbody>\n</table>\n");
    close_page();
}

static void check_has(const char *text)
{
    fflush(out);
    CHECK(strstr(bytes, text) != NULL);
}

TEST(page, whole)
{
    open_page();
    page_begin(out, "</title><script>", ".x{color:red}\n", 50);
    page_paragraph(out, NULL, "a<b");
    page_paragraph(out, "dim", "c");
    page_heading(out, "d&e");
    page_end(out);
    fflush(out);
    CHECK(strncmp(bytes, "<!DOCTYPE html>\n<html lang=\"en\">\n", 32) == 0);
    check_has("<title>&lt;/title&gt;&lt;script&gt;</title>\n<style>\n");
    check_has("@media(max-width:50rem){caption,");
    check_has(".x{color:red}\n</style>\n</head>\n<body>\n<main>\n"
              "<h1>&lt;/title&gt;&lt;script&gt;</h1>\n<p>a&lt;b</p>\n"
              "<p class=\"dim\">c</p>\n<h2>d&amp;e</h2>\n"
              "</main>\n</body>\n</html>\n");
    check_has("default-src 'none'");
    CHECK(strstr(bytes, "http:") == NULL && strstr(bytes, "https:") == NULL);
    CHECK(strstr(bytes, "<script") == NULL && strstr(bytes, "url(") == NULL);
    close_page();
}
