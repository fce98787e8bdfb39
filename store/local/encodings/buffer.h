/* Bytes that grow while they are written, and a cursor that never reads beyond its end.
 *
 * Everything that comes from a file is read through a cursor: a read that does not fit
 * sets @bad and gives zeros, so that a decoder checks once at its end, not at each step. */
#pragma once
#include "bytes.h"

typedef struct {
  guint8 *p;
  gsize n, capacity;
} RcaBuffer;

static inline guint8 *
rca_buffer_room (RcaBuffer *b, gsize more)
{
  if (b->capacity - b->n < more)
  {
    b->capacity = MAX (b->n + more, b->capacity + b->capacity / 2 + 64);
    b->p = g_realloc (b->p, b->capacity);
  }
  return b->p + b->n;
}

static inline void
rca_buffer_put (RcaBuffer *b, gconstpointer data, gsize n)
{
  if (n)
    memcpy (rca_buffer_room (b, n), data, n);
  b->n += n;
}

static inline void
rca_buffer_put_u8 (RcaBuffer *b, guint8 value)
{
  *rca_buffer_room (b, 1) = value;
  b->n++;
}

/* LEB128: seven bits a byte, the low ones first. */
static inline void
rca_buffer_put_varint (RcaBuffer *b, guint64 value)
{
  guint8 *p = rca_buffer_room (b, 10);
  guint8 *at = p;
  for (; value >= 0x80; value >>= 7)
    *at++ = (guint8)(value | 0x80);
  *at++ = (guint8)value;
  b->n += (gsize)(at - p);
}

static inline void
rca_buffer_clear (RcaBuffer *b)
{
  g_free (b->p);
  *b = (RcaBuffer){ 0 };
}

typedef struct {
  const guint8 *p, *end;
  gboolean bad;
} RcaCursor;

static inline RcaCursor
rca_cursor (gconstpointer data, gsize n)
{
  return (RcaCursor){ data, data ? (const guint8 *)data + n : NULL, FALSE };
}

/* @n bytes, or NULL when there are fewer. */
static inline const guint8 *
rca_cursor_take (RcaCursor *c, guint64 n)
{
  if (n > (guint64)(c->end - c->p))
  {
    c->bad = TRUE;
    c->p = c->end;
    return NULL;
  }
  const guint8 *p = c->p;
  c->p += n;
  return p;
}

static inline guint8
rca_cursor_u8 (RcaCursor *c)
{
  const guint8 *p = rca_cursor_take (c, 1);
  return p ? *p : 0;
}

static inline guint64
rca_cursor_varint (RcaCursor *c)
{
  guint64 value = 0;
  for (guint shift = 0; shift < 64; shift += 7)
  {
    guint8 byte = rca_cursor_u8 (c);
    value |= (guint64)(byte & 0x7f) << shift;
    if (byte < 0x80)
      return value;
  }
  c->bad = TRUE;
  return 0;
}

/* 64-bit numbers that grow; emptied, not freed, between blocks. */
typedef struct {
  guint64 *v;
  gsize n, capacity;
} RcaNumbers;

static inline void
rca_numbers_push (RcaNumbers *a, guint64 value)
{
  if (a->n == a->capacity)
  {
    a->capacity = MAX (16, a->capacity * 2);
    a->v = g_renew (guint64, a->v, a->capacity);
  }
  a->v[a->n++] = value;
}

static inline void
rca_numbers_clear (RcaNumbers *a)
{
  g_free (a->v);
  *a = (RcaNumbers){ 0 };
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaBuffer, rca_buffer_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaNumbers, rca_numbers_clear)
