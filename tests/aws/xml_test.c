/* tests/aws/xml_test.c - the text of a few elements, and nothing else. */
#include "t.h"

#include <string.h>

#include "aws/xml.h"

static struct hc_buf key, other;
static struct hc_xml_tag tags[2];

static int get(struct hc_str text)
{
    hc_buf_fini(&key);
    hc_buf_fini(&other);
    hc_buf_init(&key, t_alloc(), 64);
    hc_buf_init(&other, t_alloc(), 64);
    tags[0] = (struct hc_xml_tag){ "Key", &key, false };
    tags[1] = (struct hc_xml_tag){ "Other", &other, false };
    return hc_xml_get(text, tags, 2);
}

static void end(void)
{
    hc_buf_fini(&key);
    hc_buf_fini(&other);
}

TEST(xml, an_answer_of_sts_is_read)
{
    static const char text[] =
        "<?xml version=\"1.0\"?>\n"
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/"
        "2011-06-15/\">\n  <AssumeRoleResult>\n"
        "    <SourceIdentity/>\n"
        "    <Credentials>\n      <Key>ASIAEXAMPLE</Key>\n"
        "      <Other>\n       a/b+c==\n      </Other>\n"
        "    </Credentials>\n  </AssumeRoleResult>\n"
        "  <Other>second</Other>\n</AssumeRoleResponse>\n";

    CHECK_INT(get(hc_str(text)), 0);
    CHECK(tags[0].found && tags[1].found);
    CHECK_STR(hc_buf_view(&key), "ASIAEXAMPLE");
    CHECK_STR(hc_buf_view(&other), "a/b+c==");
    end();
}

TEST(xml, what_is_allowed_is_walked_over)
{
    static const struct { const char *text, *key; } rows[] = {
        { "<Key>a</Key>", "a" },
        { "\xEF\xBB\xBF <Key>a</Key> <!-- - --> <?p i?>", "a" },
        { "<x><!-- <Key>no</Key> --><Key>a</Key></x>", "a" },
        { "<x y='<Key>' z=\"/>\"><Key a = '\"'  b=\"\">a</Key ></x>", "a" },
        { "<n:x xmlns:n='u'><n:Key>a</n:Key></n:x>", "a" },
        { "<x><Key>a<!-- c -->b</Key></x>", "ab" },
        { "<x><Key>a<y>no</y>b</Key></x>", "ab" },
        { "<x><Key><![CDATA[<a>&amp;]]]]></Key></x>", "<a>&amp;]]" },
        { "<x><Key>&lt;&gt;&amp;&quot;&apos;</Key></x>", "<>&\"'" },
        { "<x><Key>&#65;&#x42;&#x63;&#228;</Key></x>", "ABc\xC3\xA4" },
        { "<x><Key/><Key>second</Key></x>", "" },
        { "<x><Key> \t\n</Key></x>", "" },
        { "<x><Keys>no</Keys><key>no</key></x>", "" },
        { "<x><Key>\xC3\xA4</Key></x>", "\xC3\xA4" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(hc_str(rows[i].text)), 0);
        CHECK_STR(hc_buf_view(&key), rows[i].key);
    }
    end();
}

TEST(xml, what_is_no_whole_element_is_refused)
{
    static const char *const rows[] = {
        "", " ", "Key", "{}", "<", "<>", "<Key", "<Key>", "<Key>a", "</Key>",
        "<Key>a</Kez>", "<Key>a</key>", "<x><Key>a</x></Key>", "<Key>a</Key>b",
        "<Key/><Key/>", "a<Key/>", "<Key a>b</Key>", "<Key a=b>c</Key>",
        "<Key a='b>c</Key>", "<Key a=\"b'>c</Key>", "<Key/ >", "<Key / >",
        "<!DOCTYPE x><Key/>", "<x><!ENTITY a 'b'></x>", "<x><!-- </x>",
        "<x><![CDATA[ </x>", "<![CDATA[a]]>", "<?x <Key/>", "<x>&</x>",
        "<x>&;</x>", "<x>&lt</x>", "<x>&nbsp;</x>", "<x>&#0;</x>",
        "<x>&#;</x>", "<x>&#x;</x>", "<x>&#xD800;</x>", "<x>&#x110000;</x>",
        "<x>&#-1;</x>", "<x>&#1;</x>", "<x>&#99999999999999999999;</x>",
        "<x>\xFF</x>", "<x>\xC3</x>", "<x", "<x y", "<x y=", "<x y='",
        "< x/>", "<x></ x>", "<html><br></html>",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (get(hc_str(rows[i])) != HEADCOUNT_ESYNTAX)
            fail_msg("row %zu was taken: %s", i, rows[i]);
    end();
}

TEST(xml, no_whole_answer_is_one_when_it_is_cut)
{
    static const char text[] =
        "<?v?><x a='b'><Key>a&amp;<![CDATA[c]]></Key><!-- d --></x>";

    CHECK_INT(get(hc_str(text)), 0);
    for (size_t n = 0; n < sizeof(text) - 1; n++)
        CHECK_INT(get(hc_str_n(text, n)), HEADCOUNT_ESYNTAX);
    end();
}

TEST(xml, size_depth_and_values_are_bounded)
{
    static char text[HC_XML_TEXT + 2];
    char deep[8 * (HC_XML_DEPTH + 1)];
    size_t n = 0;

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "<Key/>", 6);
    CHECK_INT(get(hc_str(text)), HEADCOUNT_ELIMIT);
    CHECK_INT(get(hc_str_n(text, HC_XML_TEXT)), 0);
    for (int i = 0; i < HC_XML_DEPTH; i++, n += 3)
        memcpy(deep + n, "<a>", 3);
    for (int i = 0; i < HC_XML_DEPTH; i++, n += 4)
        memcpy(deep + n, "</a>", 4);
    CHECK_INT(get(hc_str_n(deep, n)), 0);
    memcpy(deep + 3 * HC_XML_DEPTH, "<a/>", 4);
    CHECK_INT(get(hc_str_n(deep, n)), HEADCOUNT_ELIMIT);
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, "<Key>", 5);
    memcpy(text + 70, "</Key>", 7);
    CHECK_INT(get(hc_str(text)), HEADCOUNT_ELIMIT);
    memcpy(text + 69, "</Key>", 7);
    CHECK_INT(get(hc_str(text)), 0);
    CHECK_INT(key.n, 64);
    end();
}

static int get_one(void)
{
    int err = get(HC_STR("<x><Key>a</Key><Other>b</Other></x>"));

    end();
    return err;
}

TEST(xml, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_one);
}
