/* bindings/packaging/static_start.c - the first instructions of the static
 * binary: relocate its own pointers, then start musl.
 *
 * A position-independent binary holds some 2,300 pointers in its constant
 * tables, and each of them needs the load address added.  As Elf64_Rela a
 * pointer costs 24 bytes of the file, packed as DT_RELR about one bit.
 * musl applies DT_RELR from 1.2.4 on, and Debian 12 has 1.2.3; so this file
 * applies it, and sets its size to 0, with which every musl finds none left.
 *
 * Nothing is relocated yet: this code reads no pointer from a table and calls
 * nothing, and it is compiled without a stack protector, whose canary is not
 * there yet either.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* elf.h of musl 1.2.3 has no names for them. */
#define TAG_RELRSZ 35
#define TAG_RELR 36
#define BITS_OF_A_MAP 63

#define HIDDEN __attribute__((visibility("hidden")))

extern const char HIDDEN __ehdr_start[]; /* the linker's: the load address */
extern Elf64_Dyn HIDDEN _DYNAMIC[];
HIDDEN void headcount_relocate(void);

/* The stack pointer is the kernel's again when _start reads it. */
__asm__(".text\n"
        ".global headcount_start\n"
        ".hidden headcount_start\n"
        ".type headcount_start, %function\n"
        "headcount_start:\n"
#if defined __x86_64__
        "    xor %ebp, %ebp\n"
        "    call headcount_relocate\n"
        "    jmp _start\n"
#elif defined __aarch64__
        "    mov x29, #0\n"
        "    bl headcount_relocate\n"
        "    b _start\n"
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "no start for this architecture"
#endif
        ".size headcount_start, . - headcount_start\n");

/* An even word is the offset of a pointer; an odd one is a map of the 63 words
 * behind the last, whose bit 1 stands for the first of them.
 */
void headcount_relocate(void)
{
    const uint64_t base = (uint64_t)(uintptr_t)__ehdr_start;
    const uint64_t *packed = NULL;
    uint64_t *word = NULL;
    size_t n = 0;

    for (Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == TAG_RELR) {
            packed = (const uint64_t *)(uintptr_t)(base + d->d_un.d_ptr);
        } else if (d->d_tag == TAG_RELRSZ) {
            n = d->d_un.d_val / sizeof *packed;
            d->d_un.d_val = 0;
        }
    }
    for (size_t i = 0; packed != NULL && i < n; i++) {
        if ((packed[i] & 1) == 0) {
            word = (uint64_t *)(uintptr_t)(base + packed[i]);
            *word++ += base;
            continue;
        }
        for (uint64_t map = packed[i] >> 1, at = 0; map != 0; map >>= 1, at++)
            if ((map & 1) != 0 && word != NULL)
                word[at] += base;
        word += BITS_OF_A_MAP;
    }
}
