/* aws/xml.h - the text of a few known elements out of an XML answer.  Pure.
 *
 * The whole text has to be one well-formed element of bounded size and depth;
 * elements that are not asked for are read over.  It is no XML library: a
 * document type, and so every entity but the five that XML itself has, is
 * refused, and names are compared without their namespace.
 */
#ifndef HC_AWS_XML_H
#define HC_AWS_XML_H

#include "base/buf.h"
#include "base/err.h"

#define HC_XML_TEXT ((size_t)64 << 10)
#define HC_XML_DEPTH 16

/* The first element of that name: its own text, decoded, without blanks at its
 * ends.  An element inside of it is not part of that text. */
struct hc_xml_tag {
    const char *name;
    struct hc_buf *out;
    bool found;
};

/* 0; HEADCOUNT_ESYNTAX: not that kind of text; HEADCOUNT_ELIMIT: too long,
 * too deep, or an `out` is full; HEADCOUNT_ENOMEM.  On error the
 * contents of the bufs are of no use. */
int hc_xml_get(struct hc_str text, struct hc_xml_tag *tags, size_t n);

#endif
