#include "prefix-memo.h"
#include "scan16.h"

#define N_ENTRIES  128 /* a power of two */
#define N_TOKENS   4   /* of how many tokens prefixes may be, of late */
#define SHORTEST   16  /* bytes: a hash reads as many */
#define LONGEST    112
#define SPAN       128 /* bytes in which tokens are counted */
#define MOST_SLOTS 6
#define MOST_ATTRIBUTES 2

/* A slice of the prefix. */
typedef struct {
  guint8 slot, strength, at, n;
} KeptSlot;

typedef struct {
  RcaBytes name; /* constant */
  guint8 at, n;
} KeptAttribute;

typedef struct {
  guint8 n; /* bytes up to the message; 0: free */
  guint8 severity_before, severity;
  guint8 n_slots, n_attributes;
  KeptSlot slot[MOST_SLOTS];
  KeptAttribute attribute[MOST_ATTRIBUTES];
  char text[LONGEST];
} Entry;

struct RcaPrefixMemo {
  guint limit;
  guint8 tokens[N_TOKENS]; /* the one met last first */
  guint64 hits;
  Entry entry[N_ENTRIES];
};

RcaPrefixMemo *
rca_prefix_memo_new (guint limit)
{
  RcaPrefixMemo *memo = g_new0 (RcaPrefixMemo, 1);
  memo->limit = limit;
  return memo;
}

void
rca_prefix_memo_free (RcaPrefixMemo *memo)
{
  g_free (memo);
}

guint64
rca_prefix_memo_hits (const RcaPrefixMemo *memo)
{
  return memo->hits;
}

/* Whether the message at @at begins with what is part of no prefix and makes none of what stands before it: a quote,
 * or a word in lower case ("Cart" too) with one blank and a letter in lower case or a digit behind it. All that
 * rca_prefix_read() looks at behind a prefix that has its level lies within that: no level, no bracket, no name's mark. */
static gboolean
begins_plainly (RcaBytes line, gsize at)
{
  gsize i = at;
  if (i < line.n && line.p[i] == '"')
    return TRUE;
  while (i < line.n && i - at < 32 && g_ascii_isalpha (line.p[i]))
    i++;
  if (i == at || i + 1 >= line.n || line.p[i] != ' ' || !g_ascii_islower (line.p[i - 1]))
    return FALSE;
  if (i - at == 2 && line.p[at] == 'i' && line.p[at + 1] == 'n') /* Flask's "in module: " */
    return FALSE;
  gsize next = ++i;
  while (i < line.n && g_ascii_islower (line.p[i]))
    i++;
  return (i > next && (i == line.n || line.p[i] != '[')) || (i == next && g_ascii_isdigit (line.p[i])); /* "Error vpxd[7F1]" has a level */
}

static inline guint64
load (const char *p)
{
  guint64 value;
  memcpy (&value, p, sizeof value);
  return value;
}

/* Its beginning (the level) and its end (thread and logger) are what differs. */
static guint
bucket_of (const char *text, gsize n)
{
  guint64 h = load (text) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) ^ load (text + n / 2) * G_GUINT64_CONSTANT (0xc2b2ae3d27d4eb4f);
  h = (h ^ load (text + n - 8) ^ load (text + n - 16)) * G_GUINT64_CONSTANT (0x165667b19e3779f9) + n;
  return (guint) (h >> 40) % N_ENTRIES;
}

/* Where tokens begin behind a blank, as bits of the first SPAN bytes. */
typedef struct {
  guint64 bits[SPAN / 64];
} Starts;

static Starts
find_starts (RcaBytes line)
{
  Starts starts = { { 0 } };
  guint64 carried = 0;
  for (gsize at = 0; at < SPAN && at < line.n; at += RCA_SCAN16)
    starts.bits[at / 64] |= (guint64) rca_scan16_either (line.p + at, line.n - at, ' ', ' ') << at % 64;
  for (guint i = 0; i < SPAN / 64; i++)
  {
    guint64 blanks = starts.bits[i];
    starts.bits[i] = ~blanks & (blanks << 1 | carried);
    carried = blanks >> 63;
  }
  return starts;
}

/* The byte where token @n begins (from 1 on), 0 without. */
static gsize
start_of (const Starts *starts, guint n)
{
  for (guint i = 0; i < SPAN / 64; i++)
    for (guint64 bits = starts->bits[i]; bits; bits &= bits - 1)
      if (--n == 0)
        return i * 64 + (gsize) __builtin_ctzll (bits);
  return 0;
}

static guint
token_of (const Starts *starts, gsize at)
{
  guint n = 0;
  for (guint i = 0; i < SPAN / 64 && i * 64 <= at; i++)
    n += (guint) __builtin_popcountll (at >= i * 64 + 63 ? starts->bits[i] : starts->bits[i] & ((G_GUINT64_CONSTANT (2) << (at - i * 64)) - 1));
  return n;
}

static void
move_to_front (RcaPrefixMemo *memo, guint token)
{
  guint i = 0;
  while (i < N_TOKENS - 1 && memo->tokens[i] != token)
    i++;
  memmove (memo->tokens + 1, memo->tokens, i);
  memo->tokens[0] = (guint8) token;
}

static const Entry *
find (const RcaPrefixMemo *memo, RcaBytes line, gsize n, RcaSeverity severity)
{
  if (n < SHORTEST || n > LONGEST || n >= line.n)
    return NULL;
  const Entry *entry = &memo->entry[bucket_of (line.p, n)];
  return entry->n == n && entry->severity_before == severity && memcmp (entry->text, line.p, n) == 0 ? entry : NULL;
}

static void
replay (const Entry *entry, RcaBytes line, RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  ev->severity = entry->severity;
  for (guint i = 0; i < entry->n_slots; i++)
  {
    const KeptSlot *kept = &entry->slot[i];
    record->slot[kept->slot] = (RcaSlotValue){ .value = rca_bytes (line.p + kept->at, kept->n), .strength = kept->strength };
    record->present |= G_GUINT64_CONSTANT (1) << kept->slot;
  }
  for (guint i = 0; i < entry->n_attributes; i++)
    ev->attribute[ev->n_attributes++] = (RcaAttribute){ entry->attribute[i].name, rca_bytes (line.p + entry->attribute[i].at, entry->attribute[i].n) };
}

static gboolean
is_slice (RcaBytes value, RcaBytes line, gsize n)
{
  return value.p >= line.p && value.p + value.n <= line.p + n;
}

/* What @record holds of the first @n bytes of @line. FALSE: it cannot be kept so. */
static gboolean
take_down (Entry *entry, RcaBytes line, gsize n, const RcaAppRecord *record)
{
  const RcaEvent *ev = record->ev;
  for (guint64 present = record->present; present; present &= present - 1)
  {
    guint slot = (guint) __builtin_ctzll (present);
    const RcaSlotValue *value = &record->slot[slot];
    if (entry->n_slots == MOST_SLOTS || !is_slice (value->value, line, n) || value->unit_ns != 0 || value->number)
      return FALSE;
    entry->slot[entry->n_slots++] = (KeptSlot){ (guint8) slot, value->strength, (guint8) (value->value.p - line.p), (guint8) value->value.n };
  }
  for (guint i = 0; i < ev->n_attributes; i++)
  {
    const RcaAttribute *attribute = &ev->attribute[i];
    if (entry->n_attributes == MOST_ATTRIBUTES || !is_slice (attribute->value, line, n) || !rca_bytes_equal (attribute->key, RCA_BYTES ("thread")))
      return FALSE;
    entry->attribute[entry->n_attributes++] = (KeptAttribute){ RCA_BYTES ("thread"), (guint8) (attribute->value.p - line.p), (guint8) attribute->value.n };
  }
  return TRUE;
}

static void
keep (RcaPrefixMemo *memo, const Starts *starts, RcaBytes line, gsize n, RcaSeverity before, const RcaAppRecord *record)
{
  /* a span's braces and a pair's quotes may close in the message; without a level the search for one goes on into it */
  if (n < SHORTEST || n > LONGEST || n >= line.n || line.p[n - 1] != ' ' || record->ev->severity == RCA_SEVERITY_NONE || memchr (line.p, '{', n) || memchr (line.p, '"', n))
    return;
  Entry entry = { .n = (guint8) n, .severity_before = (guint8) before, .severity = (guint8) record->ev->severity };
  if (!take_down (&entry, line, n, record))
    return;
  memcpy (entry.text, line.p, n);
  memo->entry[bucket_of (line.p, n)] = entry;
  move_to_front (memo, token_of (starts, n));
}

gsize
rca_prefix_memo_read (RcaPrefixMemo *memo, RcaBytes line, RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaSeverity before = ev->severity;
  if (line.n < SHORTEST || record->present || ev->n_attributes > 0)
    return rca_prefix_read (line, memo->limit, record, NULL);
  Starts starts = find_starts (line);
  for (guint i = 0; i < N_TOKENS && memo->tokens[i]; i++)
  {
    gsize n = start_of (&starts, memo->tokens[i]);
    const Entry *entry = find (memo, line, n, before);
    if (!entry || !begins_plainly (line, n))
      continue;
    replay (entry, line, record);
    memo->hits++;
    if (i > 0)
      move_to_front (memo, memo->tokens[i]);
    return n;
  }
  gsize n = rca_prefix_read (line, memo->limit, record, NULL);
  if (begins_plainly (line, n))
    keep (memo, &starts, line, n, before, record);
  return n;
}
