/* aws/strike.h - a secret struck out of a text that came from outside.
 *
 * A gateway that refuses a request may repeat it, headers and all.  Each text
 * that is kept of an answer passes through here last.
 */
#ifndef HC_AWS_STRIKE_H
#define HC_AWS_STRIKE_H

#include "aws/sigv4.h"
#include "wire/proxy.h"

#define HC_STRIKE_LEAST 8          /* AWS has no shorter secrets             */
#define HC_STRIKE_PIECE 12         /* so much of a secret is too much        */
#define HC_STRIKE_TAIL 4           /* and so much where the text was cut     */

/* Each part of `secret` in `text` becomes "***": all of it, any piece of
 * HC_STRIKE_PIECE bytes, and its first HC_STRIKE_TAIL at the end of the text;
 * as it stands, with a backslash before a byte, as \u00XX, percent-encoded, or
 * with a blank for a plus.  A secret of less than HC_STRIKE_LEAST bytes is not
 * looked for. */
void hc_strike(char *text, struct hc_str secret);
/* The secret access key and the session token; `who` may be NULL. */
void hc_strike_identity(char *text, const struct hc_identity *who);
/* The credentials of a proxy, as they are sent; `proxy` may be NULL. */
void hc_strike_proxy(char *text, const struct hc_proxy *proxy);

#endif
