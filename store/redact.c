#include "redact.h"

/* No more than this of a line is looked at: what is quoted lies in it. */
#define LOOK_BYTES 1024

typedef struct {
  const char *p;
  gsize n;
  gsize at;
  GString *out;
} Scan;

static gboolean
word_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-';
}

/* Ends of a secret's value. */
static gboolean
value_char (char c)
{
  return !strchr (" \t\r\n\"'&;,<>(){}[]|\\", c) && c != '\0';
}

static gsize
run_of (const Scan *s, gsize from, gboolean (*belongs) (char))
{
  gsize n = 0;
  while (from + n < s->n && belongs (s->p[from + n]))
    n++;
  return n;
}

/* Names whose value is a secret, lower case, as a whole word or at the end of one
 * ("db_password", "x-api-key"). */
static const RcaBytes secret_names[] = {
  { "password", 8 },       { "passwd", 6 },         { "pwd", 3 },
  { "passphrase", 10 },    { "secret", 6 },         { "token", 5 },
  { "api_key", 7 },        { "apikey", 6 },         { "api-key", 7 },
  { "access_key", 10 },    { "accesskeyid", 11 },   { "private_key", 11 },
  { "sessionid", 9 },      { "session_id", 10 },    { "phpsessid", 9 },
  { "jsessionid", 10 },    { "cookie", 6 },         { "set-cookie", 10 },
  { "signature", 9 },      { "credential", 10 },    { "x-amz-security-token", 20 },
  { "client_secret", 13 }, { "authorization", 13 }, { "otp", 3 },
};

static gboolean
is_secret_name (RcaBytes word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (secret_names); i++)
  {
    RcaBytes name = secret_names[i];
    if (word.n < name.n || g_ascii_strncasecmp (word.p + word.n - name.n, name.p, name.n) != 0)
      continue;
    if (word.n == name.n || !g_ascii_isalnum (word.p[word.n - name.n - 1]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
auth_scheme (const Scan *s, gsize at, gsize *length)
{
  static const RcaBytes schemes[] = { { "bearer ", 7 }, { "basic ", 6 }, { "digest ", 7 }, { "token ", 6 }, { "apikey ", 7 } };
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (s->n - at > schemes[i].n && g_ascii_strncasecmp (s->p + at, schemes[i].p, schemes[i].n) == 0)
    {
      *length = schemes[i].n;
      return TRUE;
    }
  return FALSE;
}

/* After a secret's name: `=v`, `: v`, `": "v"`. Returns the length up to the value, 0 when none follows. */
static gsize
separator_after (const Scan *s, gsize at)
{
  gsize i = at;
  while (i < s->n && i - at < 3 && strchr ("\"'\\", s->p[i]) && s->p[i])
    i++;
  if (i >= s->n || (s->p[i] != '=' && s->p[i] != ':'))
    return 0;
  i++;
  while (i < s->n && i - at < 8 && strchr (" \"'\\", s->p[i]) && s->p[i])
    i++;
  return i - at;
}

/* A word at @s->at; takes it, and the secret that follows its name. */
static void
take_word (Scan *s)
{
  gsize n = run_of (s, s->at, word_char);
  RcaBytes word = rca_bytes (s->p + s->at, n);
  gsize separator = is_secret_name (word) ? separator_after (s, s->at + n) : 0;
  gsize scheme = 0;
  if (separator == 0 && !(auth_scheme (s, s->at, &scheme) && run_of (s, s->at + scheme, value_char) >= 8))
  {
    g_string_append_len (s->out, word.p, (gssize)n);
    s->at += n;
    return;
  }
  gsize head = separator ? n + separator : scheme;
  if (separator && auth_scheme (s, s->at + head, &scheme))
    head += scheme;
  gsize value = run_of (s, s->at + head, value_char);
  g_string_append_len (s->out, s->p + s->at, (gssize)head);
  if (value)
    g_string_append (s->out, "<redacted>");
  s->at += head + value;
}

static gboolean
jwt_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.';
}

static gboolean
mail_char (char c)
{
  return g_ascii_isalnum (c) || strchr ("._%+-", c);
}

static gboolean
take_jwt (Scan *s)
{
  if (s->n - s->at < 20 || memcmp (s->p + s->at, "eyJ", 3) != 0)
    return FALSE;
  gsize n = run_of (s, s->at, jwt_char);
  if (n < 20 || !memchr (s->p + s->at, '.', n))
    return FALSE;
  g_string_append (s->out, "<jwt>");
  s->at += n;
  return TRUE;
}

/* AKIA…, ghp_…, xox?-…, sk_live_…: tokens that tell what they are. */
static gboolean
take_known_token (Scan *s)
{
  static const RcaBytes prefixes[] = { { "AKIA", 4 },  { "ASIA", 4 },  { "ghp_", 4 },     { "gho_", 4 },     { "ghs_", 4 },  { "github_pat_", 11 },
                                       { "xoxb-", 5 }, { "xoxp-", 5 }, { "sk_live_", 8 }, { "rk_live_", 8 }, { "glpat-", 6 } };
  gsize n = run_of (s, s->at, word_char);
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (n >= prefixes[i].n + 12 && memcmp (s->p + s->at, prefixes[i].p, prefixes[i].n) == 0)
    {
      g_string_append (s->out, "<token>");
      s->at += n;
      return TRUE;
    }
  return FALSE;
}

static gboolean
take_mail (Scan *s)
{
  gsize local = run_of (s, s->at, mail_char);
  if (local == 0 || s->at + local >= s->n || s->p[s->at + local] != '@')
    return FALSE;
  gsize domain = run_of (s, s->at + local + 1, mail_char);
  while (domain && s->p[s->at + local + domain] == '.')
    domain--;
  const char *d = s->p + s->at + local + 1;
  const char *dot = domain ? memrchr (d, '.', domain) : NULL;
  if (!dot || domain - (gsize)(dot - d) < 3 || !g_ascii_isalpha (dot[1]))
    return FALSE;
  g_string_append (s->out, "<email>");
  s->at += local + 1 + domain;
  return TRUE;
}

/* Luhn's check over 13 to 19 digits, single blanks or dashes between (ISO/IEC 7812-1). */
static gboolean
take_card (Scan *s)
{
  if (s->at > 0 && (g_ascii_isdigit (s->p[s->at - 1]) || strchr (".-_/=:", s->p[s->at - 1]) == NULL ? g_ascii_isalnum (s->p[s->at - 1]) : FALSE))
    return FALSE;
  guint8 digit[20];
  gsize n = 0, i = s->at;
  for (; i < s->n && n < 20; i++)
  {
    if (g_ascii_isdigit (s->p[i]))
      digit[n++] = (guint8)(s->p[i] - '0');
    else if ((s->p[i] != ' ' && s->p[i] != '-') || i + 1 >= s->n || !g_ascii_isdigit (s->p[i + 1]))
      break;
  }
  if (n < 13 || n > 19 || (i < s->n && (g_ascii_isalnum (s->p[i]) || s->p[i] == '.')) || digit[0] < 2 || digit[0] > 6)
    return FALSE;
  guint sum = 0;
  for (gsize k = 0; k < n; k++)
  {
    guint d = digit[n - 1 - k];
    sum += k % 2 ? (d > 4 ? 2 * d - 9 : 2 * d) : d;
  }
  if (sum % 10)
    return FALSE;
  g_string_append (s->out, "<card>");
  s->at = i;
  return TRUE;
}

/* scheme://user:password@host */
static gboolean
take_url_password (Scan *s)
{
  if (s->n - s->at < 4 || memcmp (s->p + s->at, "://", 3) != 0)
    return FALSE;
  gsize colon = 0, i = s->at + 3;
  for (; i < s->n && !strchr ("/ \t\"'<>?#@", s->p[i]) && s->p[i]; i++)
    if (s->p[i] == ':' && !colon)
      colon = i;
  if (!colon || i >= s->n || s->p[i] != '@')
    return FALSE;
  g_string_append_len (s->out, s->p + s->at, (gssize)(colon + 1 - s->at));
  g_string_append (s->out, "<redacted>");
  s->at = i;
  return TRUE;
}

/* Where a statement or its parameters begin in the text; its length when there is none. */
static gsize
find_statement (const Scan *s)
{
  static const RcaBytes begins[] = { { "select ", 7 }, { "insert ", 7 }, { "update ", 7 }, { "delete ", 7 }, { "replace ", 8 }, { "with ", 5 },
                                     { "merge ", 6 }, { "copy ", 5 }, { "set ", 4 }, { "call ", 5 }, { "parameters: $", 13 } };
  for (gsize at = 0; at + 5 < s->n; at++)
  {
    if (at > 0 && word_char (s->p[at - 1]))
      continue;
    for (gsize i = 0; i < G_N_ELEMENTS (begins); i++)
      if (s->n - at > begins[i].n && g_ascii_strncasecmp (s->p + at, begins[i].p, begins[i].n) == 0)
        return at;
  }
  return s->n;
}

/* 'text' of a statement, '' within; one that was cut goes to the end. "don't" in prose before it is none. */
static gboolean
take_literal (Scan *s)
{
  gsize end = s->at + 1;
  while (end < s->n && (s->p[end] != '\'' || (end + 1 < s->n && s->p[end + 1] == '\'')))
    end += s->p[end] == '\'' || (s->p[end] == '\\' && end + 1 < s->n) ? 2 : 1;
  if (end == s->at + 1 && end < s->n)
  {
    g_string_append (s->out, "''");
    s->at += 2;
    return TRUE;
  }
  g_string_append (s->out, end < s->n ? "'?'" : "'?");
  s->at = MIN (end + 1, s->n);
  return TRUE;
}

static void
redact (Scan *s)
{
  gsize statement = memchr (s->p, '\'', s->n) ? find_statement (s) : s->n;
  while (s->at < s->n)
  {
    char c = s->p[s->at];
    gboolean begins = s->at == 0 || !word_char (s->p[s->at - 1]);
    if (c == ':' && take_url_password (s))
      continue;
    if (c == '\'' && s->at > statement && take_literal (s))
      continue;
    if (begins && word_char (c))
    {
      if (take_jwt (s) || take_known_token (s) || take_mail (s) || (g_ascii_isdigit (c) && take_card (s)))
        continue;
      take_word (s);
      continue;
    }
    g_string_append_c (s->out, c);
    s->at++;
  }
}

/* Printable, cut at RCA_QUOTE_BYTES. Tabs become blanks, line feeds " ⏎ ". */
static char *
printable (const char *p, gsize n, gboolean more)
{
  GString *out = g_string_sized_new (RCA_QUOTE_BYTES + 16);
  for (gsize i = 0; i < n;)
  {
    gsize before = out->len;
    gunichar c = g_utf8_get_char_validated (p + i, (gssize)(n - i));
    gsize step = 1;
    if (p[i] == '\0')
      g_string_append (out, "\\x00");
    else if (c == (gunichar)-1 || c == (gunichar)-2)
      g_string_append_printf (out, "\\x%02x", (guint8)p[i]);
    else
    {
      step = (gsize)(g_utf8_next_char (p + i) - (p + i));
      gboolean bidi = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
      if (c == '\t')
        g_string_append_c (out, ' ');
      else if (c == '\n')
        g_string_append (out, " ⏎ ");
      else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        g_string_append_printf (out, "\\x%02x", c);
      else if (bidi)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_len (out, p + i, (gssize)step);
    }
    if (out->len > RCA_QUOTE_BYTES - 3)
    {
      /* room for "…" only: the character goes when more follows it */
      if (i + step < n || more || out->len > RCA_QUOTE_BYTES)
      {
        g_string_truncate (out, before);
        g_string_append (out, "…");
        return g_string_free (out, FALSE);
      }
    }
    i += step;
  }
  if (more)
    g_string_append (out, "…");
  return g_string_free (out, FALSE);
}

char *
rca_redact_line (RcaBytes line, gboolean keep_secrets)
{
  gboolean more = line.n > LOOK_BYTES;
  RcaBytes head = rca_bytes (line.p, MIN (line.n, LOOK_BYTES));
  if (keep_secrets)
    return printable (head.p, head.n, more);
  g_autoptr (GString) out = g_string_sized_new (head.n + 32);
  Scan s = { head.p, head.n, 0, out };
  redact (&s);
  return printable (out->str, out->len, more);
}
