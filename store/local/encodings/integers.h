/* A column of 64-bit integers as few bytes that zstd shrinks well.
 *
 * Tried on the data, the cheapest wins (estimated by the order-0 entropy of a sample):
 *   constant   one value. Columns of a fixed prefix, a fixed host: no byte a row.
 *   planes     value - smallest, cut into bytes: all low bytes, then all second bytes… zstd's
 *              Huffman coder then sees each significance by itself (Parquet's BYTE_STREAM_SPLIT).
 *   delta      zigzag differences, as planes (Gorilla, 2015, has the double form for clocks).
 *   bits       two values: eight rows a byte.
 *   runs       values and lengths of equal runs: second-grained clocks cost a byte a second.
 *   dictionary distinct values, the frequent first, and codes: addresses of clients. Within one
 *              class of frequency the values ascend, so the dictionary itself is differences.
 * Costs about 1 ns a row and plane to write and to read; dictionary 15 ns a row to write. */
#pragma once
#include "local/encodings/buffer.h"

typedef enum {
  RCA_INTEGERS_CONSTANT,
  RCA_INTEGERS_PLANES,
  RCA_INTEGERS_DELTA,
  RCA_INTEGERS_BITS,
  RCA_INTEGERS_RUNS,
  RCA_INTEGERS_DICTIONARY,
  RCA_N_INTEGERS
} RcaIntegersMode;

/* What paid for this column the last time; zeroed at first. Trying again is due every RCA_PLAN_BLOCKS uses. */
#define RCA_PLAN_BLOCKS 16
typedef struct {
  guint8 mode, age; /* age 0: nothing is known */
} RcaIntegersPlan;

/* Appends @n values to @out. @plan: (nullable). */
void rca_integers_encode (const guint64 *v, gsize n, RcaIntegersPlan *plan, RcaBuffer *out);
/* Reads exactly @n values into @v; FALSE (and @in->bad) when the bytes do not say so. */
gboolean rca_integers_decode (RcaCursor *in, guint64 *v, gsize n);
/* Whether the @n > 0 values at @in are @first, @first + @step, @first + 2 @step…, told without reading them. FALSE: not known. */
gboolean rca_integers_are_linear (RcaCursor in, gsize n, guint64 *first, guint64 *step);
/* Bytes that @n values would take after entropy coding, by a sample; without the dictionary mode. */
double rca_integers_estimate (const guint64 *v, gsize n);

static inline guint64
rca_zigzag (gint64 value)
{
  return ((guint64)value << 1) ^ (guint64)(value >> 63);
}

static inline gint64
rca_unzigzag (guint64 value)
{
  return (gint64)(value >> 1) ^ -(gint64)(value & 1);
}
