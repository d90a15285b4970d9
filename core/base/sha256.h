/* base/sha256.h - SHA-256 by the processor's instructions, as a class of
 * BearSSL: its context is br_sha256_context, so that state and set_state, HMAC,
 * TLS and multihash take it. */
#ifndef HC_BASE_SHA256_H
#define HC_BASE_SHA256_H

#include <bearssl.h>

#include "base/cpu.h"

/* The class for a processor that has `cpu` (bits of enum hc_cpu): BearSSL's
 * own where it has no instructions for SHA-256, or this build no code for
 * them. */
const br_hash_class *hc_sha256_class(unsigned cpu);

#endif
