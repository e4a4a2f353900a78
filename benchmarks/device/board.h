// What differs between processors: text to the console, a counter, and the end of the program.
#include <stdint.h>

#if defined(__AVR__)
extern uint8_t __heap_start;
#define STACK_END (&__heap_start)
#define STACK_BEGIN ((uint8_t *)RAMEND + 1)
#elif defined(__MSP430__)
extern uint8_t bss_end;
#define STACK_END (&bss_end)
#define STACK_BEGIN ((uint8_t *)0x0400)
#elif defined(__arm__) || defined(__riscv)
extern uint32_t stack_top, bss_end;
#define STACK_END ((uint8_t *)&bss_end)
#define STACK_BEGIN ((uint8_t *)&stack_top)
#ifdef __arm__
#define MOVE "mov"
#else
#define MOVE "mv"
#endif
#endif

#if defined(__AVR__)  // simavr prints what the serial port sends
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

static volatile uint16_t overflows;

ISR(TIMER1_OVF_vect) {
    overflows++;
}

static void begin_counting(void) {
    UCSR0B = 1 << TXEN0;
    TIMSK1 = 1 << TOIE1;
    TCCR1B = 1 << CS10;  // each cycle
    sei();
}

static uint32_t count(void) {
    cli();
    uint16_t low = TCNT1, high = overflows;
    if ((TIFR1 & (1 << TOV1)) && low < 0x8000) high++;
    sei();
    return ((uint32_t)high << 16) | low;
}

static uint32_t elapsed(uint32_t begin, uint32_t end) {
    return end - begin;
}

static void put(const char *text) {
    while (*text) {
        while (!(UCSR0A & (1 << UDRE0))) {
        }
        UDR0 = (uint8_t)*text++;
    }
}

static void leave(int status) {
    (void)status;
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    cli();
    sleep_enable();
    sleep_cpu();  // with interrupts off, the emulator ends
}

#elif defined(__arm__)  // a Cortex-M with semihosting
#define TICKS (*(volatile uint32_t *)0xE000E018)

static uint32_t call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void begin_counting(void) {
    *(volatile uint32_t *)0xE000E014 = 0xFFFFFF;  // the timer counts down from here
    TICKS = 0;
    *(volatile uint32_t *)0xE000E010 = 5;
}

static uint32_t count(void) {
    return TICKS;
}

static uint32_t elapsed(uint32_t begin, uint32_t end) {
    return (begin - end) & 0xFFFFFF;
}

static void put(const char *text) {
    call(4, text);
}

static void leave(int status) {
    call(0x18, (const void *)(status ? 0x20023 : 0x20026));
}

extern uint32_t data_load, data_begin, data_end, bss_begin;
int main(void);

void reset(void) {
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_begin; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_begin; to < &bss_end;) *to++ = 0;
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;  // the unit for floats
    __asm volatile("dsb\nisb");
#endif
    leave(main());
}

void fault(void) {
    leave(1);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault,
};

#elif defined(__MSP430__)  // mspdebug's simulator, with a console at 0xFF and Timer A
static void begin_counting(void) {
    *(volatile uint16_t *)0x0160 = 0x02E0;  // each eighth cycle
}

static uint32_t count(void) {
    return *(volatile uint16_t *)0x0170;
}

static uint32_t elapsed(uint32_t begin, uint32_t end) {
    return (uint16_t)(end - begin);
}

static void put(const char *text) {
    while (*text) *(volatile uint8_t *)0x00FF = (uint8_t)*text++;
}

static void leave(int status) {
    (void)status;
}

#elif defined(__riscv)  // with semihosting
static uint32_t call(uint32_t operation, const void *argument) {
    register uint32_t a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = argument;
    __asm volatile(
        ".option push\n.option norvc\n.balign 16\n"
        "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop"
        : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

static void begin_counting(void) {
}

static uint32_t count(void) {
    uint32_t instructions;
    __asm volatile(".option push\n.option arch, +zicsr\ncsrr %0, minstret\n.option pop" : "=r"(instructions));
    return instructions;
}

static uint32_t elapsed(uint32_t begin, uint32_t end) {
    return end - begin;
}

static void put(const char *text) {
    call(4, text);
}

static void leave(int status) {
    const uint32_t arguments[2] = {0x20026, (uint32_t)status};
    call(0x20, arguments);
}

extern uint32_t bss_begin;
int main(void);

__attribute__((used)) static void reset(void) {
    for (uint32_t *to = &bss_begin; to < &bss_end;) *to++ = 0;
    leave(main());
}

__attribute__((section(".vectors"), naked, used)) void start(void) {
    __asm volatile("la sp, stack_top\nj reset");
}

#else  // a program of Linux
#include <stdio.h>
#include <stdlib.h>

static void begin_counting(void) {
}

static uint32_t count(void) {
    return 0;
}

static uint32_t elapsed(uint32_t begin, uint32_t end) {
    return end - begin;
}

static void put(const char *text) {
    fputs(text, stdout);
}

static void leave(int status) {
    exit(status);
}
#endif

// What lies below the stack is marked by a byte, and was used where it has another one later.
enum { MARK = 0xA5 };

static inline __attribute__((always_inline)) void mark_stack(void) {
#if defined(__AVR__)
    const volatile uint8_t *const end = (uint8_t *)SP;
#elif defined(__MSP430__)
    const volatile uint8_t *end;
    __asm volatile("mov r1, %0" : "=r"(end));
#elif defined(__arm__) || defined(__riscv)
    const volatile uint8_t *end;
    __asm volatile(MOVE " %0, sp" : "=r"(end));
#endif
#ifdef STACK_END
    for (volatile uint8_t *at = STACK_END; at < end; at++) *at = MARK;
#endif
}

static uint32_t used_stack(void) {
#ifdef STACK_END
    const volatile uint8_t *at = STACK_END;
    while (at < STACK_BEGIN && *at == MARK) at++;
    return (uint32_t)(STACK_BEGIN - at);
#else
    return 0;
#endif
}

// Nothing of what fills an array may move past this line, into what is counted.
static inline void fixed_here(void *array) {
    __asm volatile("" : : "r"(array) : "memory");
}

static void put_number(uint32_t number) {
    char text[12];
    int i = sizeof text;
    text[--i] = 0;
    text[--i] = '\n';
    do text[--i] = (char)('0' + number % 10);
    while (number /= 10);
    put(text + i);
}
