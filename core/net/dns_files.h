/* net/dns_files.h - /etc/hosts, /etc/resolv.conf and the variables LOCALDOMAIN
 * and RES_OPTIONS, as they are now.
 *
 * At most every five seconds the files are looked at, and read again if they
 * have changed.  Only the lines of names that were asked for are kept of
 * /etc/hosts: the file may have 16 MiB.  A part of a file that is not used is
 * logged once, as a warning.
 */
#ifndef HC_NET_DNS_FILES_H
#define HC_NET_DNS_FILES_H

#include "base/log.h"
#include "net/sys.h"
#include "wire/hosts.h"

struct hc_dns_files {
    bool own_server;                     /* conf has the only server: there
                                            is no resolv.conf                */
    bool hosts_said;                     /* private, to `due`: since it
                                            changed                          */
    bool looked;
    const struct hc_system *sys;
    const struct hc_log *log;            /* NULL: nothing is logged          */
    struct hc_buf hosts;                 /* the lines that count             */
    struct hc_file_stamp hosts_stamp, conf_stamp;
    int64_t due;                         /* when to look at them again       */

    char said[160];                      /* the last warning; ""             */
    struct hc_resolv_conf conf;
};

void hc_dns_files_init(struct hc_dns_files *f, const struct hc_system *sys,
                       const struct hc_log *log);
void hc_dns_files_fini(struct hc_dns_files *f);      /* f may be all zero */
/* conf is up to date then: 1 if it may have changed, 0 if not, or
 * HEADCOUNT_ENOMEM. */
int hc_dns_files_look(struct hc_dns_files *f, int64_t now,
                      struct headcount_error *e);
/* 1: the addresses that /etc/hosts gives the name; 0: none;
 * HEADCOUNT_ENOMEM. */
int hc_dns_files_find(struct hc_dns_files *f, struct hc_str name,
                      struct hc_addrs *out, struct headcount_error *e);

#endif
