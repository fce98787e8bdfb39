#include "local/lines/variable.h"

G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN); /* eight digits are read as one word */

#define MAX_DIGITS 18
#define MIN_HEX 3

enum { OTHER = 0, DIGIT = 1, HEX_LOW = 2, HEX_UP = 4, LETTER = 8 };
#define ALNUM (DIGIT | HEX_LOW | HEX_UP | LETTER)

static const guint8 class_of[256] = {
  ['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT, ['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
  ['a'] = HEX_LOW, ['b'] = HEX_LOW, ['c'] = HEX_LOW, ['d'] = HEX_LOW, ['e'] = HEX_LOW, ['f'] = HEX_LOW,
  ['A'] = HEX_UP, ['B'] = HEX_UP, ['C'] = HEX_UP, ['D'] = HEX_UP, ['E'] = HEX_UP, ['F'] = HEX_UP,
  ['g'] = LETTER, ['h'] = LETTER, ['i'] = LETTER, ['j'] = LETTER, ['k'] = LETTER, ['l'] = LETTER, ['m'] = LETTER, ['n'] = LETTER, ['o'] = LETTER,
  ['p'] = LETTER, ['q'] = LETTER, ['r'] = LETTER, ['s'] = LETTER, ['t'] = LETTER, ['u'] = LETTER, ['v'] = LETTER, ['w'] = LETTER, ['x'] = LETTER,
  ['y'] = LETTER, ['z'] = LETTER,
  ['G'] = LETTER, ['H'] = LETTER, ['I'] = LETTER, ['J'] = LETTER, ['K'] = LETTER, ['L'] = LETTER, ['M'] = LETTER, ['N'] = LETTER, ['O'] = LETTER,
  ['P'] = LETTER, ['Q'] = LETTER, ['R'] = LETTER, ['S'] = LETTER, ['T'] = LETTER, ['U'] = LETTER, ['V'] = LETTER, ['W'] = LETTER, ['X'] = LETTER,
  ['Y'] = LETTER, ['Z'] = LETTER,
};

static inline guint
class_at (const char *p)
{
  return class_of[(guchar)*p];
}

/* ---- hexadecimal ---- */

static const guint8 nibble_of[256] = {
  ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7, ['8'] = 8, ['9'] = 9,
  ['a'] = 10, ['b'] = 11, ['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15, ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15,
};

/* Eight digits at once (SWAR): a byte each of a word as it lies in memory. */
#define EACH(byte) ((byte) * G_GUINT64_CONSTANT (0x0101010101010101))

static inline guint64
digits_of_nibbles (guint64 nibbles)
{
  guint64 letter = ((nibbles + EACH (6)) >> 4) & EACH (1);
  return nibbles + EACH ('0') + letter * ('a' - '0' - 10);
}

/* Four bytes of eight lower-case digits: what does not print back the same is none. */
static inline gboolean
hex_4 (const char *p, guint8 *out)
{
  guint64 text;
  memcpy (&text, p, 8);
  guint64 letter = (text >> 6) & EACH (1), nibbles = (text & EACH (15)) + letter * 9;
  for (guint i = 0; i < 4; i++)
    out[i] = (guint8)((nibbles >> (16 * i)) << 4 | ((nibbles >> (16 * i + 8)) & 15));
  return !(nibbles & EACH (0xf0)) && digits_of_nibbles (nibbles) == text;
}

static inline gboolean
hex_bytes (const char *p, gsize n_bytes, guint8 *out)
{
  gboolean ok = TRUE;
  for (gsize i = 0; i + 4 <= n_bytes; i += 4)
    ok &= hex_4 (p + 2 * i, out + i);
  for (gsize i = n_bytes & ~(gsize)3; i < n_bytes; i++)
  {
    ok &= (class_at (p + 2 * i) & (DIGIT | HEX_LOW)) && (class_at (p + 2 * i + 1) & (DIGIT | HEX_LOW));
    out[i] = (guint8)(nibble_of[(guchar)p[2 * i]] << 4 | nibble_of[(guchar)p[2 * i + 1]]);
  }
  return ok;
}

static gboolean
read_uuid (const char *p, guint8 *id)
{
  return p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-' && hex_bytes (p, 4, id) && hex_bytes (p + 9, 2, id + 4) && hex_bytes (p + 14, 2, id + 6)
         && hex_bytes (p + 19, 2, id + 8) && hex_bytes (p + 24, 6, id + 10);
}

gboolean
rca_variable_is_id (RcaBytes text, RcaVariable *var)
{
  var->p = text.p;
  var->n = text.n;
  var->param = 0;
  var->kind = text.n == 32 ? RCA_VARIABLE_ID : RCA_VARIABLE_UUID;
  return (text.n == 32 && hex_bytes (text.p, 16, var->id)) || (text.n == 36 && read_uuid (text.p, var->id));
}

static gboolean
set (RcaVariable *var, const char *p, gsize n, RcaVariableKind kind, guint param, guint64 value)
{
  var->p = p;
  var->n = n;
  var->kind = kind;
  var->param = (guint16)param;
  var->value = value;
  return TRUE;
}

/* ---- numbers ---- */

static gboolean
read_ipv4 (const char *p, const char *end, RcaVariable *var)
{
  guint64 value = 0;
  const char *q = p;
  for (guint i = 0; i < 4; i++)
  {
    guint part = 0, n = 0;
    if (i && (q >= end || *q++ != '.'))
      return FALSE;
    for (; q < end && n < 4 && (class_at (q) & DIGIT); q++, n++)
      part = part * 10 + (guint)(*q - '0');
    if (n == 0 || n > 3 || part > 255 || (n > 1 && q[-(gssize)n] == '0'))
      return FALSE;
    value = value << 8 | part;
  }
  if (q < end && (class_at (q) & ALNUM))
    return FALSE;
  return set (var, p, (gsize)(q - p), RCA_VARIABLE_IPV4, 0, value);
}

/* Digits at @p up to @run_end, with decimals when a point and more digits follow. */
static gboolean
read_number (const char *p, const char *digits_end, const char *end, RcaVariable *var)
{
  gsize n = (gsize)(digits_end - p);
  if (n > MAX_DIGITS)
    return FALSE;
  guint64 value = 0;
  for (gsize i = 0; i < n; i++)
    value = value * 10 + (guint64)(p[i] - '0');
  gboolean zero_led = n > 1 && *p == '0';
  if (zero_led)
    return set (var, p, n, RCA_VARIABLE_PADDED, (guint)n, value);
  const char *q = digits_end;
  if (q + 1 < end && *q == '.' && (class_at (q + 1) & DIGIT))
  {
    guint decimals = 0;
    guint64 scaled = value;
    for (q++; q < end && (class_at (q) & DIGIT) && decimals < 10; q++, decimals++)
      scaled = scaled * 10 + (guint64)(*q - '0');
    if (decimals < 10 && n + decimals <= MAX_DIGITS)
      return set (var, p, (gsize)(q - p), RCA_VARIABLE_DECIMAL, decimals, scaled);
  }
  return set (var, p, n, RCA_VARIABLE_INT, 0, value);
}

typedef struct {
  const char *end, *first_digit;
  guint classes, changes;
} Run;

static Run
measure (const char *p, const char *end)
{
  Run run = { p, NULL, 0, 0 };
  guint before = 0;
  for (; run.end < end; run.end++)
  {
    guint class = class_at (run.end);
    if (!class)
      break;
    run.classes |= class;
    if ((class & DIGIT) && !run.first_digit)
      run.first_digit = run.end;
    run.changes += before && (class == DIGIT) != (before == DIGIT);
    before = class;
  }
  return run;
}

/* A run of letters and digits that holds a digit. */
static gboolean
read_run (const char *p, const Run *run, const char *end, RcaVariable *var)
{
  gsize n = (gsize)(run->end - p);
  gboolean low = !(run->classes & (HEX_UP | LETTER)), up = !(run->classes & (HEX_LOW | LETTER));
  if (n == 32 && low && rca_variable_is_id (rca_bytes (p, 32), var))
    return TRUE;
  if (n == 8 && low && end - p >= 36 && (end - p == 36 || !(class_at (p + 36) & ALNUM)) && rca_variable_is_id (rca_bytes (p, 36), var))
    return TRUE;
  RcaStampMemo memo = { .n = 0 };
  if (p == run->first_digit && (rca_stamp_read (&memo, p, end, var) || (n <= 3 && read_ipv4 (p, end, var))))
    return TRUE;
  if (run->classes == DIGIT)
    return read_number (p, run->end, end, var) || set (var, p, n, RCA_VARIABLE_TEXT, 0, 0);
  if ((low || up) && n >= MIN_HEX && n <= 16)
  {
    guint64 value = 0;
    for (gsize i = 0; i < n; i++)
      value = value << 4 | nibble_of[(guchar)p[i]];
    return set (var, p, n, low ? RCA_VARIABLE_HEX : RCA_VARIABLE_HEX_UPPER, (guint)n, value);
  }
  if (run->changes > RCA_VARIABLE_MAX_CHANGES)
    return set (var, p, n, RCA_VARIABLE_TEXT, 0, 0);
  const char *digits_end = run->first_digit;
  while (digits_end < run->end && (class_at (digits_end) & DIGIT))
    digits_end++;
  gsize digits = (gsize)(digits_end - run->first_digit);
  return read_number (run->first_digit, digits_end, digits_end == run->end ? end : digits_end, var)
         || set (var, run->first_digit, digits, RCA_VARIABLE_TEXT, 0, 0);
}

gboolean
rca_variable_read (const char *p, const char *end, RcaVariable *var)
{
  Run run = measure (p, end);
  return run.first_digit && read_run (p, &run, end, var);
}

/* ---- strings ---- */

/* The closing quote of a string whose content begins at @p: not escaped, not doubled. NULL when there is none. */
static const char *
closing (const char *p, const char *end)
{
  const char *from = p;
  while ((p = memchr (p, '"', (gsize)(end - p))))
  {
    gsize escapes = 0;
    while (p - escapes > from && p[-1 - (gssize)escapes] == '\\')
      escapes++;
    gboolean doubled = p + 1 < end && p[1] == '"';
    if (!doubled && escapes % 2 == 0)
      return p;
    p += doubled && escapes % 2 == 0 ? 2 : 1;
  }
  return NULL;
}

static gboolean
is_key (const char *after, const char *end)
{
  while (after < end && *after == ' ')
    after++;
  return after < end && *after == ':';
}

/* A quoted string of SQL or text: 'shoes red', not the apostrophe of a word. */
static const char *
closing_single (const char *from, const char *p, const char *end)
{
  if (p > from && !strchr (" (=,[{:", p[-1]))
    return NULL;
  const char *close = memchr (p + 1, '\'', (gsize)(end - p - 1));
  return close && (close + 1 == end || strchr (" ,);]}.:\"\\", close[1])) ? close : NULL;
}

/* The value of key=value. */
static const char *
value_end (const char *p, const char *end)
{
  while (p < end && !strchr (" &,;)]}\"'<>|\t\\=", *p))
    p++;
  return p;
}

/* A dash for a value: `- -`, and `urt=- rid=`, whose neighbours then stand in one column whether there is a number or not. */
static gboolean
is_lone (const char *from, const char *p, const char *end)
{
  return (p == from || p[-1] == ' ' || p[-1] == '=') && (p + 1 == end || p[1] == ' ');
}

/* A string that begins at @p (a quote): TRUE with @var; else *@next says where to go on. */
static gboolean
read_quoted (const char *from, const char *p, const char *end, guint level, RcaVariable *var, const char **next)
{
  const char *close = NULL;
  *next = p + 1;
  if (*p == '"' && level == RCA_LEVEL_LINE)
  {
    close = closing (p + 1, end);
    if (close && is_key (close + 1, end))
    {
      *next = close + 1;
      return FALSE;
    }
  }
  else if (*p == '\'' && level < RCA_LEVEL_WORD)
    close = closing_single (from, p, end);
  return close && set (var, p + 1, (gsize)(close - p - 1), RCA_VARIABLE_TEXT, 0, 0);
}

gboolean
rca_variable_find (const char *p, const char *end, guint level, RcaVariable *var)
{
  const char *from = p;
  while (p < end)
  {
    if (class_at (p))
    {
      Run run = measure (p, end);
      gboolean value = p > from && p[-1] == '=' && level < RCA_LEVEL_WORD;
      if (run.first_digit && read_run (p, &run, end, var))
      {
        const char *stop = value ? value_end (p, end) : NULL;
        if (!value || var->p + var->n == stop)
          return TRUE;
        return set (var, p, (gsize)(stop - p), RCA_VARIABLE_TEXT, 0, 0);
      }
      if (value)
        return set (var, p, (gsize)(value_end (p, end) - p), RCA_VARIABLE_TEXT, 0, 0);
      p = run.end;
      continue;
    }
    if (*p == '"' || *p == '\'')
    {
      if (read_quoted (from, p, end, level, var, &p))
        return TRUE;
      continue;
    }
    if (*p == '-' && is_lone (from, p, end))
      return set (var, p, 1, RCA_VARIABLE_DASH, 0, 0);
    p++;
  }
  return FALSE;
}

/* ---- printing ---- */

static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                            "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static inline gsize
print_digits (guint64 value, char *to)
{
  if (value < 10)
  {
    *to = (char)('0' + value);
    return 1;
  }
  gsize n = 2;
  for (guint64 limit = 100; n < 20 && value >= limit; n++)
    limit = n == 19 ? G_MAXUINT64 : limit * 10;
  char *at = to + n;
  for (; value > G_MAXUINT32; value /= 100)
    memcpy (at -= 2, pairs + 2 * (value % 100), 2);
  guint32 rest = (guint32)value;
  for (; rest >= 100; rest /= 100)
    memcpy (at -= 2, pairs + 2 * (rest % 100), 2);
  if (rest >= 10)
    memcpy (at - 2, pairs + 2 * rest, 2);
  else if (at > to)
    at[-1] = (char)('0' + rest);
  return n;
}

static gsize
print_padded (guint64 value, guint width, char *to)
{
  for (guint i = width; i > 0; i--, value /= 10)
    to[i - 1] = (char)('0' + value % 10);
  return width;
}

static inline gsize
print_decimal (guint64 value, guint decimals, char *to)
{
  static const guint64 units[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
  gboolean usual = decimals == 3 && value <= G_MAXUINT32; /* milliseconds of a request: division by a constant */
  guint64 unit = units[MIN (decimals, 9)], whole = usual ? (guint32)value / 1000 : value / unit;
  gsize n = print_digits (whole, to);
  to[n++] = '.';
  if (usual)
  {
    guint rest = (guint32)value - (guint32)whole * 1000;
    to[n] = (char)('0' + rest / 100);
    memcpy (to + n + 1, pairs + 2 * (rest % 100), 2);
    return n + 3;
  }
  return n + print_padded (value - whole * unit, decimals, to + n);
}

static gsize
print_hex (guint64 value, guint width, const char *digits, char *to)
{
  for (guint i = width; i > 0; i--, value >>= 4)
    to[i - 1] = digits[value & 15];
  return width;
}

/* Without branches: how long the parts are cannot be foreseen. */
static gsize
print_ipv4 (guint64 value, char *to)
{
  char *from = to;
  for (gint shift = 24; shift >= 0; shift -= 8)
  {
    guint part = value >> shift & 255;
    *to = (char)('0' + part / 100);
    to += part >= 100;
    *to = (char)('0' + part / 10 % 10);
    to += part >= 10;
    to[0] = (char)('0' + part % 10);
    to[1] = '.';
    to += 2;
  }
  return (gsize)(to - from - 1);
}

static inline void
print_hex_4 (const guint8 *bytes, char *to)
{
  guint64 v = bytes[0] | (guint64)bytes[1] << 16 | (guint64)bytes[2] << 32 | (guint64)bytes[3] << 48;
  v = digits_of_nibbles (((v >> 4) & G_GUINT64_CONSTANT (0x000f000f000f000f)) | (v & G_GUINT64_CONSTANT (0x000f000f000f000f)) << 8);
  memcpy (to, &v, 8);
}

static gsize
print_id (const guint8 *id, gboolean dashes, char *to)
{
  char digits[32];
  for (guint i = 0; i < 16; i += 4)
    print_hex_4 (id + i, digits + 2 * i);
  if (!dashes)
  {
    memcpy (to, digits, 32);
    return 32;
  }
  static const guint8 part[] = { 8, 4, 4, 4, 12 };
  gsize n = 0, at = 0;
  for (guint i = 0; i < G_N_ELEMENTS (part); at += part[i++])
  {
    if (i)
      to[n++] = '-';
    memcpy (to + n, digits + at, part[i]);
    n += part[i];
  }
  return n;
}

gsize
rca_variable_print (RcaVariableKind kind, guint16 param, guint64 value, const guint8 *id, char *to)
{
  switch (kind)
  {
  case RCA_VARIABLE_INT:
    return print_digits (value, to);
  case RCA_VARIABLE_PADDED:
    return print_padded (value, param, to);
  case RCA_VARIABLE_DECIMAL:
    return print_decimal (value, param, to);
  case RCA_VARIABLE_HEX:
    return print_hex (value, param, "0123456789abcdef", to);
  case RCA_VARIABLE_HEX_UPPER:
    return print_hex (value, param, "0123456789ABCDEF", to);
  case RCA_VARIABLE_STAMP:
  {
    RcaStampMemo memo = { .n = 0 };
    return rca_stamp_print (&memo, param, value, to);
  }
  case RCA_VARIABLE_IPV4:
    return print_ipv4 (value, to);
  case RCA_VARIABLE_DASH:
    *to = '-';
    return 1;
  case RCA_VARIABLE_ID:
  case RCA_VARIABLE_UUID:
    return print_id (id, kind == RCA_VARIABLE_UUID, to);
  default:
    return 0;
  }
}

gboolean
rca_variable_valid (guint kind, guint param)
{
  switch (kind)
  {
  case RCA_VARIABLE_PADDED:
    return param >= 1 && param <= MAX_DIGITS;
  case RCA_VARIABLE_DECIMAL:
    return param >= 1 && param <= 9;
  case RCA_VARIABLE_HEX:
  case RCA_VARIABLE_HEX_UPPER:
    return param >= 1 && param <= 16;
  case RCA_VARIABLE_STAMP:
    return (param & 15) < RCA_N_STAMPS && ((param >> 4) & 15) <= 9 && param < 1 << 9;
  default:
    return kind < RCA_VARIABLE_TEXT && param == 0;
  }
}
