/* net/unread.h - a kept connection ended as a request left: proof that the peer
 * never read that request whole.
 *
 * The peer closed an idle connection while the request was on its way: its FIN
 * comes, and then the RST with which its kernel answers bytes that nobody can
 * read any more.  Such a request may be sent again, whatever it does.
 */
#ifndef HC_NET_UNREAD_H
#define HC_NET_UNREAD_H

#include "net/conn.h"

struct hc_unread {                       /* all zero: nothing can be proved  */
    uint64_t acked;                      /* before the request; 0: unknown   */
    int64_t at;                          /* looked at again then             */
    int64_t pause, until;
    bool fin;
};

enum hc_unread_answer { UNREAD_WAIT, UNREAD_YES, UNREAD_NO };

/* Before the request is sent, on a connection that was kept. */
void hc_unread_begin(struct hc_unread *u, struct hc_conn *c);
/* The connection ended without a byte of an answer.  Nothing may be sent on it
 * any more until the answer is known: an RST to such bytes proves nothing.
 * WAIT: ask again at u->at, which no deadline of the caller's exceeds. */
enum hc_unread_answer hc_unread_ended(struct hc_unread *u, struct hc_conn *c,
                                      int64_t now, int64_t deadline);
enum hc_unread_answer hc_unread_step(struct hc_unread *u, struct hc_conn *c,
                                     int64_t now);

#endif
