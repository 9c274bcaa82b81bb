/* What every cmocka test includes, in the order cmocka wants. */
#ifndef TH_TEST_H
#define TH_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#endif
