/* wire/tls_profile.h - what headcount offers in a handshake of TLS, and the
 * code that computes it. */
#ifndef HC_WIRE_TLS_PROFILE_H
#define HC_WIRE_TLS_PROFILE_H

#include <bearssl.h>
#include <stdbool.h>

/* Zeroes `client` and fills it with all but buffers, X.509 and entropy.
 * `curves` must outlive it.  `cpu`: base/cpu.h; with 0 no code needs more than
 * the architecture has at least. */
void hc_tls_profile(br_ssl_client_context *client, br_ec_impl *curves,
                    unsigned cpu);
/* It offers this cipher suite. */
bool hc_tls_profile_has(uint16_t suite);

#endif
