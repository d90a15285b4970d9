/* base/cpu.h - which instructions for cryptography this processor has. */
#ifndef HC_BASE_CPU_H
#define HC_BASE_CPU_H

enum hc_cpu {
    HC_CPU_SHA256 = 1,      /* x86: SHA, SSSE3, SSE4.1; ARMv8: SHA2          */
    HC_CPU_AES = 2,         /* x86: AES-NI                                   */
    HC_CPU_CLMUL = 4        /* x86: PCLMULQDQ                                */
};

/* Bits of enum hc_cpu.  A virtual machine leaves CPUID to its host, which takes
 * up to 20 us each time: a handle asks once and keeps the answer. */
unsigned hc_cpu(void);

#endif
