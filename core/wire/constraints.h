/* wire/constraints.h - may a CA issue for these names?  NameConstraints of
 * RFC 5280, 4.2.1.10, for dNSName and iPAddress.
 *
 *   NameConstraints  SEQUENCE { [0] permitted, [1] excluded }, each a list of
 *   GeneralSubtree   SEQUENCE { base GeneralName }
 *
 * Where the RFC leaves something open, OpenSSL and Go decide: an empty dNSName
 * covers every name, one with a dot in front only names below it.  A wildcard
 * is excluded if any name that it stands for is.
 */
#ifndef HC_WIRE_CONSTRAINTS_H
#define HC_WIRE_CONSTRAINTS_H

#include "base/str.h"

/* The kinds of GeneralName are its tags; a set of them has a bit for each. */
enum {
    NAME_EMAIL = 1, NAME_DNS = 2, NAME_DIRECTORY = 4, NAME_IP = 7, NAME_LAST = 8
};

enum hc_constraint {
    CONSTRAINT_MET,
    CONSTRAINT_BROKEN,       /* it cannot be read                            */
    CONSTRAINT_EXCLUDES,     /* one of the names                             */
    CONSTRAINT_LACKS,        /* no permitted subtree has one of the names    */
    CONSTRAINT_UNCHECKED,    /* critical, about a kind of name that is there,
                                and not a kind that can be checked           */
    CONSTRAINT_TOO_MANY      /* names times subtrees                         */
};

struct hc_names {
    struct hc_str list;      /* GeneralNames, one behind another             */
    unsigned kinds;          /* of names in the list or in a subject         */
};

/* Checks the names against the extension's value.  *about is the name at fault
 * (EXCLUDES, LACKS), and its kind in *kind (UNCHECKED, too). */
enum hc_constraint hc_constraints_check(struct hc_str value, bool critical,
                                        const struct hc_names *names,
                                        struct hc_str *about, int *kind);
/* Takes a GeneralName off the front; its kind, or -1: it is none. */
int hc_constraints_name(struct hc_str *list, struct hc_str *name);
/* The name of a kind of GeneralName: "dNSName"; static text. */
const char *hc_constraints_kind(int kind);

#endif
