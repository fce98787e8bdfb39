/* RowBinary, ClickHouse's format of rows: integers little endian, strings and arrays behind
 * their length as a varint. It names no types, so statements cast what they select and a
 * reader that does not end exactly at the end has met something else than it asked for. */
#pragma once
#include "bytes.h"

typedef struct {
  const guint8 *p, *end;
  gboolean broken; /* read past the end; all values since are 0 and empty */
} RcaRowReader;

RcaRowReader rca_row_reader (GBytes *answer);
guint8 rca_row_u8 (RcaRowReader *r);
guint16 rca_row_u16 (RcaRowReader *r);
guint32 rca_row_u32 (RcaRowReader *r);
guint64 rca_row_u64 (RcaRowReader *r);
gint64 rca_row_i64 (RcaRowReader *r);
double rca_row_f64 (RcaRowReader *r);
RcaBytes rca_row_str (RcaRowReader *r); /* valid as long as the answer */
char *rca_row_dup (RcaRowReader *r);    /* NULL when empty; transfer full */
guint32 rca_row_length (RcaRowReader *r); /* of an array; never more than bytes are left */
static inline gboolean
rca_row_more (const RcaRowReader *r)
{
  return !r->broken && r->p < r->end;
}

void rca_row_put (GByteArray *out, guint64 value, guint width); /* the low @width bytes */
void rca_row_put_f64 (GByteArray *out, double value);
void rca_row_put_length (GByteArray *out, guint64 n);
void rca_row_put_bytes (GByteArray *out, RcaBytes value);
void rca_row_put_str (GByteArray *out, const char *value); /* NULL: empty */
