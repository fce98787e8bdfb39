#include "explain.h"
#include "redact.h"
#include "safe.h"
#include "timestamp.h"

#define EXAMPLE_BYTES  80
#define MAX_ATTRIBUTES 32 /* names of them that are told */

typedef struct {
  guint64 count;
  char *example;
} Seen;

typedef struct {
  char *key;
  Seen seen;
} SeenAttribute;

struct RcaExplanation {
  gboolean keep_secrets;
  guint64 events;
  Seen time, severity, samples;
  Seen field[RCA_N_FIELDS];
  GArray *attribute; /* SeenAttribute, as met */
  guint64 more;      /* attributes beyond MAX_ATTRIBUTES */
  char *line;        /* of the first record that was understood */
  guint64 number;
};

static void
clear_attribute (gpointer data)
{
  SeenAttribute *attribute = data;
  g_free (attribute->key);
  g_free (attribute->seen.example);
}

RcaExplanation *
rca_explanation_new (gboolean keep_secrets)
{
  RcaExplanation *e = g_new0 (RcaExplanation, 1);
  e->keep_secrets = keep_secrets;
  e->attribute = g_array_new (FALSE, TRUE, sizeof (SeenAttribute));
  g_array_set_clear_func (e->attribute, clear_attribute);
  return e;
}

void
rca_explanation_free (gpointer data)
{
  RcaExplanation *e = data;
  if (!e)
    return;
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    g_free (e->field[f].example);
  g_free (e->time.example);
  g_free (e->severity.example);
  g_free (e->samples.example);
  g_array_unref (e->attribute);
  g_free (e->line);
  g_free (e);
}

/* At most EXAMPLE_BYTES of @text, secrets folded, on one line. */
static char *
example_of (const RcaExplanation *e, RcaBytes text)
{
  const char *lf = text.n ? memchr (text.p, '\n', text.n) : NULL;
  g_autofree char *safe = rca_redact_line (rca_bytes (text.p, lf ? (gsize) (lf - text.p) : text.n), e->keep_secrets);
  if (strlen (safe) <= EXAMPLE_BYTES)
    return g_steal_pointer (&safe);
  char *end = g_utf8_find_prev_char (safe, safe + EXAMPLE_BYTES);
  return g_strdup_printf ("%.*s…", (int) (end - safe), safe);
}

static void
see (const RcaExplanation *e, Seen *seen, RcaBytes value)
{
  seen->count++;
  if (!seen->example)
    seen->example = example_of (e, value);
}

/* A value on its own is redacted by its name. */
static void
see_named (const RcaExplanation *e, Seen *seen, RcaBytes name, RcaBytes value)
{
  if (seen->example || e->keep_secrets)
    {
      see (e, seen, value);
      return;
    }
  g_autofree char *pair = g_strdup_printf ("%.*s=%.*s", (int) MIN (name.n, 60), name.p, (int) MIN (value.n, 400), value.p ? value.p : "");
  g_autofree char *folded = rca_redact_line (rca_bytes_str (pair), FALSE);
  const char *equals = strchr (folded, '=');
  see (e, seen, equals ? rca_bytes_str (equals + 1) : value);
}

static const char *
enum_name (RcaField f, gint64 value)
{
  switch (f)
    {
    case RCA_FIELD_DB_EVENT:
      return rca_db_event_name ((RcaDbEvent) value);
    case RCA_FIELD_FAILURE:
      return rca_failure_name ((RcaFailure) value);
    case RCA_FIELD_CHANGE_KIND:
      return rca_change_kind_name ((RcaChangeKind) value);
    default:
      return "";
    }
}

static void
see_field (RcaExplanation *e, const RcaEvent *ev, RcaField f)
{
  char number[48];
  switch (rca_field_type (f))
    {
    case RCA_TYPE_STR:
    case RCA_TYPE_ID:
      see_named (e, &e->field[f], f == RCA_FIELD_SESSION ? RCA_BYTES ("session_id") : rca_bytes_str (rca_field_name (f)), ev->field[f].str);
      return;
    case RCA_TYPE_ENUM:
      see (e, &e->field[f], rca_bytes_str (enum_name (f, ev->field[f].num)));
      return;
    case RCA_TYPE_NS:
      g_snprintf (number, sizeof number, "%.6g s", (double) ev->field[f].num / RCA_NS_PER_S);
      break;
    case RCA_TYPE_INT:
      g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, ev->field[f].num);
      break;
    }
  see (e, &e->field[f], rca_bytes_str (number));
}

static void
see_attribute (RcaExplanation *e, const RcaAttribute *attribute)
{
  guint i = 0;
  while (i < e->attribute->len && !rca_bytes_equal (rca_bytes_str (g_array_index (e->attribute, SeenAttribute, i).key), attribute->key))
    i++;
  if (i >= MAX_ATTRIBUTES)
    {
      e->more++;
      return;
    }
  if (i == e->attribute->len)
    {
      SeenAttribute fresh = { .key = g_strndup (attribute->key.p, attribute->key.n) };
      g_array_append_val (e->attribute, fresh);
    }
  see_named (e, &g_array_index (e->attribute, SeenAttribute, i).seen, attribute->key, attribute->value);
}

void
rca_explanation_take (RcaSource *source, guint part, RcaEvent *ev, gpointer explanation)
{
  RcaExplanation *e = explanation;
  char time[32];
  if (ev->stream == RCA_STREAM_UNKNOWN)
    return; /* not understood */
  e->events++;
  if (!e->line)
    {
      e->line = rca_redact_line (ev->raw, e->keep_secrets);
      e->number = ev->line;
    }
  if (ev->time_ns != RCA_TIME_NONE)
    see (e, &e->time, rca_bytes_str (rca_time_format (ev->time_ns, time)));
  if (ev->severity != RCA_SEVERITY_NONE)
    see (e, &e->severity, rca_bytes_str (rca_severity_name (ev->severity)));
  if (ev->n_samples > 0)
    see (e, &e->samples, rca_bytes_str (rca_metric_name (ev->samples[0].metric)));
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    if (rca_event_has (ev, f))
      see_field (e, ev, f);
  for (guint i = 0; i < ev->n_attributes; i++)
    see_attribute (e, &ev->attribute[i]);
}

static void
put_seen (GString *out, const char *name, const Seen *seen)
{
  if (seen->count == 0)
    return;
  g_string_append (out, "      ");
  gsize at = out->len;
  rca_put_safe (out, name);
  for (gsize width = out->len - at; width < 30; width++)
    g_string_append_c (out, ' ');
  g_string_append_printf (out, " %9" G_GUINT64_FORMAT "  ", seen->count);
  rca_put_safe (out, seen->example);
  g_string_append_c (out, '\n');
}

void
rca_explanation_put (const RcaExplanation *e, const RcaSource *source, GString *out)
{
  if (source->next_format)
    g_string_append_printf (out, "    score: %d of 100; next best: %s, %d\n", source->score, source->next_format, source->next_score);
  else if (source->score > 0)
    g_string_append_printf (out, "    score: %d of 100; no other format fits\n", source->score);
  if (e->events == 0)
    return;
  g_string_append_printf (out, "    line %" G_GUINT64_FORMAT ": ", e->number);
  rca_put_safe (out, e->line);
  g_string_append (out, "\n    fields (records that have it, the first value):\n");
  put_seen (out, "time", &e->time);
  put_seen (out, "severity", &e->severity);
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    put_seen (out, rca_field_name (f), &e->field[f]);
  put_seen (out, "gauges", &e->samples);
  for (guint i = 0; i < e->attribute->len; i++)
    {
      const SeenAttribute *attribute = &g_array_index (e->attribute, SeenAttribute, i);
      g_autofree char *name = g_strdup_printf ("(%s)", attribute->key);
      put_seen (out, name, &attribute->seen);
    }
  if (e->more > 0)
    g_string_append_printf (out, "      and %" G_GUINT64_FORMAT " values under further names\n", e->more);
}
