#include "part.h"
#include "forced-format.h"

void
rca_part_clear (RcaOpenedPart *opened)
{
  g_clear_pointer (&opened->framer, rca_framer_free);
  g_clear_pointer (&opened->input, rca_input_free);
  g_clear_pointer (&opened->name, g_free);
  g_clear_pointer (&opened->conf, g_free);
}

/* The nginx.conf in the folder of the log at @path, or in the one above: who gathers logs for others to look at
 * puts it there. */
static char *
conf_beside (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  for (guint i = 0; i < 2; i++)
  {
    g_autofree char *conf = g_build_filename (folder, "nginx.conf", NULL);
    if (g_file_test (conf, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&conf);
    char *above = g_path_get_dirname (folder);
    g_free (folder);
    folder = above;
  }
  return NULL;
}

gboolean
rca_part_open (const RcaSource *source, guint index, const RcaReadOptions *options, RcaOpenedPart *opened, GError **error)
{
  const RcaSourcePart *part = g_ptr_array_index (source->parts, index);
  opened->input = rca_input_open_fd (part->fd, part->path, part->member, error);
  if (!opened->input)
    return FALSE;
  rca_input_limit (opened->input, part->range.end);
  opened->name = part->member ? g_strdup_printf ("%s: %s", part->path, part->member) : g_strdup (part->path);
  opened->framer = rca_framer_new (opened->input);
  opened->sample = *rca_framer_sample (opened->framer);
  opened->sample.path = opened->name;
  opened->conf = options && options->nginx_conf ? g_strdup (options->nginx_conf) : conf_beside (part->path);
  opened->sample.conf = opened->conf;
  opened->sample.formats = options ? options->formats : NULL;
  return TRUE;
}

const RcaFormat *
rca_part_format (const RcaSource *source, guint index, const RcaReadOptions *options, const RcaSampleLines *sample, RcaSniff *sniff)
{
  RcaSniff own = { 0 };
  const RcaSourcePart *part = g_ptr_array_index (source->parts, index);
  if (part->format)
  {
    g_strlcpy (sniff->reason, "as before", sizeof sniff->reason);
    return part->format;
  }
  const RcaFormat *forced = options ? rca_forced_format (options, sample->path) : NULL;
  if (forced)
  {
    g_strlcpy (sniff->reason, "named by the user", sizeof sniff->reason);
    return forced;
  }
  const RcaFormat *best = rca_sniff (sample, sniff);
  if (!source->format || best == source->format)
    return best;
  source->format->sniff (sample, &own);
  if (own.score * 10 < sniff->score * 8 || own.score == 0)
    return best;
  *sniff = own;
  return source->format;
}

static void
keep_time (RcaEvent *ev, gpointer user)
{
  gint64 *time_ns = user;
  if (*time_ns == RCA_TIME_NONE)
    *time_ns = ev->time_ns;
}

#define LOOK_AT_RECORDS 20

/* The time of a part's first record that has one. */
static gint64
first_time (RcaOpenedPart *opened, const RcaFormat *format)
{
  gint64 time_ns = RCA_TIME_NONE;
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  g_autoptr (RcaDecoder) decoder = rca_decoder_new (format, &opened->sample);
  RcaRecord record;
  if (format->document)
    return RCA_TIME_NONE;
  for (guint i = 0; i < LOOK_AT_RECORDS && time_ns == RCA_TIME_NONE && rca_framer_next (opened->framer, decoder, &record); i++)
  {
    rca_event_clear (ev);
    rca_decoder_decode (decoder, record.text, ev, keep_time, &time_ns);
  }
  if (time_ns == RCA_TIME_NONE)
    rca_decoder_flush (decoder, ev, keep_time, &time_ns);
  return time_ns;
}

typedef struct {
  RcaSourcePart *part;
  gint64 first_ns;
} Aged;

static gint
compare_aged (gconstpointer a, gconstpointer b, gpointer user)
{
  const Aged *x = a, *y = b;
  return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

/* Names tell the order but for loggers that count upwards: times decide, where every part has one. */
static void
order_parts (RcaSource *source, gint64 *first_ns)
{
  guint n = source->parts->len;
  g_autoptr (GArray) aged = g_array_sized_new (FALSE, FALSE, sizeof (Aged), n);
  for (guint i = 0; i < n; i++)
  {
    Aged one = { source->parts->pdata[i], first_ns[i] };
    /* the newest may be empty yet */
    if (one.first_ns == RCA_TIME_NONE && i + 1 < n)
      return;
    if (one.first_ns == RCA_TIME_NONE)
      one.first_ns = G_MAXINT64;
    g_array_append_val (aged, one);
  }
  g_array_sort_with_data (aged, compare_aged, NULL); /* stable */
  for (guint i = 0; i < n; i++)
  {
    source->parts->pdata[i] = g_array_index (aged, Aged, i).part;
    first_ns[i] = g_array_index (aged, Aged, i).first_ns;
  }
}

void
rca_parts_survey (RcaSource *source, const RcaReadOptions *options, gint64 *first_ns, RcaSniff *why)
{
  for (guint i = source->parts->len; i-- > 0;)
  {
    g_auto (RcaOpenedPart) opened = { 0 };
    RcaSniff sniff = { 0 };
    first_ns[i] = RCA_TIME_NONE;
    if (!rca_part_open (source, i, options, &opened, NULL) || opened.sample.head.n == 0)
      continue;
    const RcaFormat *format = rca_part_format (source, i, options, &opened.sample, &sniff);
    if (!format)
      continue;
    if (!source->format)
    {
      source->format = format;
      *why = sniff;
    }
    first_ns[i] = first_time (&opened, format);
  }
  order_parts (source, first_ns);
}
