/* Columns out of an nginx.conf: "log_format NAME [escape=…] 'text $variable text' …;".
 *
 * A line is then matched against the text between the variables. Which of several formats a
 * file has, its lines tell; where two fit alike, the access_log directive that names the file. */
#include "bounds.h"
#include "access-line.h"
#include "access-names.h"
#include "access-shape.h"
#include "user-format.h"

#define MAX_CONF_BYTES RCA_BOUND_CONF_BYTES
#define MAX_WORDS      256

/* One directive: its words, quotes off. */
typedef struct {
  GPtrArray *words;
  const char *p, *end;
} Reader;

static void
skip_space (Reader *r)
{
  while (r->p < r->end)
    if (g_ascii_isspace (*r->p))
      r->p++;
    else if (*r->p == '#')
      while (r->p < r->end && *r->p != '\n')
        r->p++;
    else
      return;
}

static char *
read_word (Reader *r)
{
  GString *word = g_string_new (NULL);
  char quote = *r->p == '"' || *r->p == '\'' ? *r->p++ : 0;
  for (; r->p < r->end; r->p++)
  {
    char c = *r->p;
    if (quote ? c == quote : (g_ascii_isspace (c) || c == ';' || c == '{' || c == '}'))
      break;
    if (c == '\\' && r->p + 1 < r->end)
      switch (*++r->p)
      {
      case 't':
        c = '\t';
        break;
      case 'n':
        c = '\n';
        break;
      case 'r':
        c = '\r';
        break;
      case '"':
      case '\'':
      case '\\':
        c = *r->p;
        break;
      default:
        g_string_append_c (word, '\\');
        c = *r->p;
      }
    g_string_append_c (word, c);
  }
  if (quote && r->p < r->end)
    r->p++;
  return g_string_free (word, FALSE);
}

/* The next directive's words; FALSE at the end. Braces end a directive as semicolons do. */
static gboolean
read_directive (Reader *r)
{
  g_ptr_array_set_size (r->words, 0);
  for (;;)
  {
    skip_space (r);
    if (r->p >= r->end)
      return r->words->len > 0;
    if (*r->p == ';' || *r->p == '{' || *r->p == '}')
    {
      r->p++;
      if (r->words->len)
        return TRUE;
      continue;
    }
    char *word = read_word (r);
    if (r->words->len < MAX_WORDS)
      g_ptr_array_add (r->words, word);
    else
      g_free (word);
  }
}

static gsize
variable_length (const char *p, gboolean *braces)
{
  gsize n = 1;
  *braces = p[1] == '{';
  n += *braces;
  while (g_ascii_isalnum (p[n]) || p[n] == '_')
    n++;
  return n + (*braces && p[n] == '}');
}

/* Of two variables for one role the stronger name counts: $msec before $time_local. */
static void
add_variable (RcaAccessColumns *out, RcaBytes name, guint *strength)
{
  RcaAccessName known;
  RcaAccessColumn *column = &out->column[out->n++];
  *column = (RcaAccessColumn){ .role = RCA_ROLE_NONE };
  if (!rca_access_name (name, &known) || known.strength <= strength[known.role])
    return;
  for (guint i = 0; i + 1 < out->n; i++)
    if (out->column[i].role == known.role)
      out->column[i].role = RCA_ROLE_NONE;
  strength[known.role] = known.strength;
  column->role = known.role;
  column->unit_ns = known.unit_ns ?: RCA_NS_PER_S;
}

/* Splits "text $variable text" into variables and what stands before each. */
static gboolean
read_format (const char *format, RcaAccessColumns *out)
{
  guint strength[RCA_N_ROLES] = { 0 };
  const char *p = format, *text = format;
  *out = (RcaAccessColumns){ .layout = "nginx.conf", .separator = ' ', .keys = g_string_chunk_new (1024) };
  out->before = g_new0 (RcaBytes, RCA_ACCESS_MAX_TOKENS + 1);
  while (*p && out->n < RCA_ACCESS_MAX_TOKENS)
  {
    gboolean braces;
    gsize n = *p == '$' ? variable_length (p, &braces) : 0;
    if (n < 2)
    {
      p++;
      continue;
    }
    out->before[out->n] = rca_bytes (g_string_chunk_insert_len (out->keys, text, p - text), (gsize)(p - text));
    add_variable (out, rca_bytes (p + 1 + braces, n - 1 - 2 * braces), strength);
    text = p += n;
  }
  out->before[out->n] = rca_bytes (g_string_chunk_insert (out->keys, text), strlen (text));
  return strength[RCA_ROLE_STATUS] && strength[RCA_ROLE_TIME] && (strength[RCA_ROLE_REQUEST] || strength[RCA_ROLE_PATH]);
}

static gboolean
goes_on (RcaBytes value, RcaBytes rest)
{
  return value.n
         && (value.p[value.n - 1] == ',' || rca_bytes_has_prefix (rest, RCA_BYTES (" : ")) || rca_bytes_has_prefix (rest, RCA_BYTES (": "))
             || (value.n > 1 && value.p[value.n - 1] == ':' && value.p[value.n - 2] == ' '));
}

/* Where the text behind a value begins; lists over attempts hold blanks of their own. */
static gssize
find_end (RcaBytes rest, RcaBytes literal)
{
  gssize from = 0, at;
  while ((at = rca_bytes_find (rca_bytes_from (rest, (gsize)from), literal)) >= 0)
  {
    at += from;
    if (literal.n != 1 || literal.p[0] != ' ' || !goes_on (rca_bytes (rest.p, (gsize)at), rca_bytes_from (rest, (gsize)at)))
      return at;
    from = at + 1;
  }
  return -1;
}

guint
rca_access_match (const RcaAccessColumns *columns, RcaBytes line, RcaAccessToken *token)
{
  if (line.n && line.p[line.n - 1] == '\r')
    line.n--;
  if (!rca_bytes_has_prefix (line, columns->before[0]))
    return 0;
  RcaBytes rest = rca_bytes_from (line, columns->before[0].n);
  for (guint i = 0; i < columns->n; i++)
  {
    RcaBytes literal = columns->before[i + 1];
    gssize end = i + 1 == columns->n && rca_bytes_has_suffix (rest, literal) ? (gssize)(rest.n - literal.n) : literal.n ? find_end (rest, literal) : 0;
    if (end < 0)
      return 0;
    token[i] = (RcaAccessToken){ .value = rca_bytes (rest.p, (gsize)end) };
    rest = rca_bytes_from (rest, (gsize)end + literal.n);
  }
  return columns->n;
}

static void
count_fits (const RcaSampleLines *sample, RcaAccessColumns *out)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  for (guint i = 0; i < sample->n_lines; i++)
  {
    out->lines += sample->line[i].n > 0;
    gboolean ok = rca_access_match (out, sample->line[i], token) > 0;
    for (guint t = 0; ok && t < out->n; t++)
      if (out->column[t].role == RCA_ROLE_STATUS)
        ok = rca_shape_status (token[t].value) || rca_shape_absent (token[t].value);
      else if (out->column[t].role == RCA_ROLE_TIME)
        ok = rca_shape_stamp (token[t].value);
    out->fits += ok;
  }
}

static void
clear (RcaAccessColumns *columns)
{
  g_clear_pointer (&columns->keys, g_string_chunk_free);
  g_clear_pointer (&columns->before, g_free);
}

/* "access_log /var/log/nginx/shop.log shop;": does it name the file at @path? */
static gboolean
names_file (const char *log, const char *path)
{
  g_autofree char *base = g_path_get_basename (log);
  return path && strstr (path, base) != NULL;
}

static void
take_better (const RcaSampleLines *sample, GHashTable *wanted, const char *name, const char *format, RcaAccessColumns *best)
{
  RcaAccessColumns columns;
  gboolean whole = read_format (format, &columns);
  if (whole)
    count_fits (sample, &columns);
  if (columns.fits > best->fits || (columns.fits && columns.fits == best->fits && g_hash_table_contains (wanted, name)))
  {
    clear (best);
    *best = columns;
  }
  else
    clear (&columns);
}

/* A format string of the configuration; "combined" and "common" by their names. */
static gboolean
read_own (const char *format, const RcaSampleLines *sample, RcaAccessColumns *out)
{
  static const char common[] = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent";
  static const char combined[] = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";
  format = strcmp (format, "common") == 0 ? common : strcmp (format, "combined") == 0 ? combined : format;
  if (!read_format (format, out))
  {
    clear (out);
    *out = (RcaAccessColumns){ .n = 0 };
  }
  else
    count_fits (sample, out);
  out->layout = "log_format:";
  return TRUE;
}

gboolean
rca_access_format_is_whole (const char *format)
{
  RcaAccessColumns columns;
  if (strcmp (format, "common") == 0 || strcmp (format, "combined") == 0)
    return TRUE;
  gboolean whole = read_format (format, &columns);
  clear (&columns);
  return whole;
}

gboolean
rca_access_read_conf (const RcaSampleLines *sample, RcaAccessColumns *out)
{
  g_autofree char *text = NULL;
  gsize n;
  const char *own = rca_user_format_log_format (sample->user);
  if (own)
    return read_own (own, sample, out);
  if (!sample->conf || !g_file_get_contents (sample->conf, &text, &n, NULL) || n > MAX_CONF_BYTES)
    return FALSE;
  g_autoptr (GHashTable) formats = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  Reader reader = { words, text, text + n };
  while (read_directive (&reader))
  {
    const char *directive = words->pdata[0];
    if (strcmp (directive, "log_format") == 0 && words->len > 2)
    {
      GString *format = g_string_new (NULL);
      for (guint i = 2; i < words->len; i++)
        if (i > 2 || !g_str_has_prefix (words->pdata[i], "escape="))
          g_string_append (format, words->pdata[i]);
      g_hash_table_insert (formats, g_strdup (words->pdata[1]), g_string_free (format, FALSE));
    }
    else if (strcmp (directive, "access_log") == 0 && words->len > 2 && names_file (words->pdata[1], sample->path))
      g_hash_table_add (wanted, g_strdup (words->pdata[2]));
  }
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (formats), (GCompareFunc)strcmp);
  *out = (RcaAccessColumns){ 0 };
  for (GList *i = names; i; i = i->next)
    take_better (sample, wanted, i->data, g_hash_table_lookup (formats, i->data), out);
  if (out->fits * 10 >= out->lines * 6 && out->fits > 0)
    return TRUE;
  clear (out);
  return FALSE;
}
