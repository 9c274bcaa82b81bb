/* A bounded queue of pointers between threads, and small thread helpers. */
#ifndef TH_BASE_QUEUE_H
#define TH_BASE_QUEUE_H

#include "base/common.h"

typedef struct th_queue th_queue;

th_queue *th_queue_new(size_t capacity) TH_MUST_USE;
void th_queue_free(th_queue *q);
/* Waits for a place. False when the queue was closed: the item stays the caller's. */
bool th_queue_push(th_queue *q, void *item) TH_MUST_USE;
/* Waits for an item; NULL when the queue is closed and empty. */
void *th_queue_pop(th_queue *q);
/* No further pushes; those who wait go on. */
void th_queue_close(th_queue *q);

/* Processors this process may use, at least 1. */
unsigned th_cpu_count(void);
/* Monotonic seconds, and seconds since 1970 (UTC). */
double th_clock_mono(void);
int64_t th_clock_utc(void);

#endif
