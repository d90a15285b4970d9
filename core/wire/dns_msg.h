/* wire/dns_msg.h - a DNS query out, its reply in (RFC 1035, 4). */
#ifndef HC_WIRE_DNS_MSG_H
#define HC_WIRE_DNS_MSG_H

#include "wire/addr.h"

#define HC_DNS_A 1
#define HC_DNS_AAAA 28

#define HC_DNS_NOERROR 0             /* rcodes                               */
#define HC_DNS_FORMERR 1
#define HC_DNS_SERVFAIL 2
#define HC_DNS_NXDOMAIN 3
#define HC_DNS_NOTIMP 4
#define HC_DNS_REFUSED 5
#define HC_DNS_BADVERS 16            /* of an EDNS version                   */

#define HC_DNS_NAME_TEXT 253         /* without the dot at the end           */
#define HC_DNS_NEGATIVE_TTL 60       /* s; the most a "no" is worth          */

/* As on the wire: labels, lower case, the empty one at the end. */
struct hc_dns_name { unsigned char w[255]; size_t n; };

/* False if it is no name: a label is empty or longer than 63 bytes, or all
 * of it is longer than 253. */
bool hc_dns_name_get(struct hc_dns_name *out, struct hc_str text);

struct hc_dns_question {
    struct hc_dns_name name;
    int type;                        /* HC_DNS_A or HC_DNS_AAAA              */
    uint16_t id;
    bool edns;                       /* with an OPT of 1232 bytes (RFC 6891) */
};

#define HC_DNS_QUERY_MAX (12 + 255 + 4 + 11)
/* Its length. */
size_t hc_dns_question_put(unsigned char out[HC_DNS_QUERY_MAX],
                           const struct hc_dns_question *question);

enum hc_dns_kind {
    DNS_REPLY_STRANGER,              /* not to this question: wait on        */
    DNS_REPLY_ADDRS,
    DNS_REPLY_NO_NAME,               /* NXDOMAIN                             */
    DNS_REPLY_NO_DATA,               /* the name is there, such address not  */
    DNS_REPLY_CUT,                   /* TC                                   */
    DNS_REPLY_REFUSAL,               /* another rcode                        */
    DNS_REPLY_BROKEN                 /* the right question, then nonsense    */
};

struct hc_dns_reply {
    enum hc_dns_kind kind;
    int rcode;                       /* with the bits of the OPT             */
    struct hc_addrs addrs;
    /* s; of ADDRS the least of the CNAME chain and the addresses; of a "no"
     * as RFC 2308, 5 says; 0: not to be kept. */
    uint32_t ttl;
};
void hc_dns_reply_get(struct hc_dns_reply *out,
                      const struct hc_dns_question *question,
                      struct hc_str message);
/* "SERVFAIL"; NULL for one without a name here. */
const char *hc_dns_rcode_name(int rcode);

#endif
