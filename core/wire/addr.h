/* wire/addr.h - an IP address as bytes and as text. */
#ifndef HC_WIRE_ADDR_H
#define HC_WIRE_ADDR_H

#include "base/str.h"

struct hc_addr {
    int family;                      /* 4 or 6                               */
    unsigned char ip[16];            /* network order; of 4 the first four   */
    uint32_t scope;                  /* of a link-local IPv6 address: the
                                        number of the interface; 0: none     */
};

#define HC_ADDRS_MAX 16
struct hc_addrs { struct hc_addr a[HC_ADDRS_MAX]; size_t n; };

/* "192.0.2.1" (four decimal parts, no leading zero), "2001:db8::1" (no
 * brackets, no zone); false if it is none. */
bool hc_addr_get(struct hc_addr *out, struct hc_str text);
#define HC_ADDR_TEXT 46              /* with the NUL                         */
/* RFC 5952 for IPv6. */
void hc_addr_put(char out[HC_ADDR_TEXT], const struct hc_addr *addr);
bool hc_addr_eq(const struct hc_addr *a, const struct hc_addr *b);
/* 127.0.0.0/8, ::1 */
bool hc_addr_is_loopback(const struct hc_addr *addr);
/* Adds it unless it is there or there is no room. */
void hc_addrs_add(struct hc_addrs *to, const struct hc_addr *addr);

#endif
