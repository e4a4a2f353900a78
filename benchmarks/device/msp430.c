// What programs for an MSP430G2553 need of a runtime library, which Debian has not: the start, 32-bit arithmetic for a
// processor without a multiplier, and two functions of string.h.
#include <stddef.h>
#include <stdint.h>

int main(void);

__asm(
    ".section .text.start\n.global _start\n_start:\nmov #0x0400, r1\ncall #clear\ncall #main\n"
    ".global halt\nhalt:\njmp halt\n"
    ".section .vectors,\"a\"\n.short _start\n"
    ".text\n"
    // r13:r12 times r15:r14
    ".global __mspabi_mpyl\n__mspabi_mpyl:\npush r10\npush r9\nclr r9\nclr r10\n"
    "1: mov r14, r11\nbis r15, r11\ntst r11\njz 3f\nbit #1, r14\njz 2f\nadd r12, r9\naddc r13, r10\n"
    "2: rla r12\nrlc r13\nclrc\nrrc r15\nrrc r14\njmp 1b\n"
    "3: mov r9, r12\nmov r10, r13\npop r9\npop r10\nret\n");

extern uint8_t bss_begin, bss_end;

void clear(void) {
    for (volatile uint8_t *at = &bss_begin; at < &bss_end; at++) *at = 0;
}

void *memset(void *to, int value, size_t count) {
    volatile uint8_t *at = to;
    while (count--) *at++ = (uint8_t)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t count) {
    volatile uint8_t *at = to;
    const uint8_t *source = from;
    while (count--) *at++ = *source++;
    return to;
}

int __mspabi_mpyi(int a, int b) {
    unsigned sum = 0, by = (unsigned)b;
    for (unsigned more = (unsigned)a; by; more += more, by >>= 1) sum += by & 1 ? more : 0;
    return (int)sum;
}

// The rest of a / b. The quotient replaces a.
static uint32_t divided(uint32_t *a, uint32_t b) {
    uint32_t rest = 0, quotient = 0;
    for (uint8_t bit = 0; bit < 32; bit++) {
        rest = (rest << 1) | (*a >> 31);
        *a <<= 1;
        quotient <<= 1;
        if (rest >= b) {
            rest -= b;
            quotient |= 1;
        }
    }
    *a = quotient;
    return rest;
}

uint32_t __mspabi_remul(uint32_t a, uint32_t b) {
    return divided(&a, b);
}

uint32_t __mspabi_divul(uint32_t a, uint32_t b) {
    divided(&a, b);
    return a;
}

unsigned __mspabi_remu(unsigned a, unsigned b) {
    return (unsigned)__mspabi_remul(a, b);
}

unsigned __mspabi_divu(unsigned a, unsigned b) {
    return (unsigned)__mspabi_divul(a, b);
}
