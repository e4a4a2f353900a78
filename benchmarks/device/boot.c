// Begins a program on a Cortex-M4, and ends the emulator when it has returned.
#include <stdint.h>

extern uint32_t stack_top, data_load, data_begin, data_end, bss_begin, bss_end;
int main(void);

enum { EXIT = 0x18, DONE = 0x20026, FAILED = 0x20023 };  // calls of Arm's semihosting

static void leave(uint32_t reason) {
    register uint32_t call __asm("r0") = EXIT;
    register uint32_t with __asm("r1") = reason;
    __asm volatile("bkpt 0xab" ::"r"(call), "r"(with));
    for (;;) {
    }
}

void reset(void) {
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_begin; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_begin; to < &bss_end;) *to++ = 0;
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;  // the unit for floats
    __asm volatile("dsb\nisb");
    leave(main() == 0 ? DONE : FAILED);
}

void fault(void) {
    leave(FAILED);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault,
};
