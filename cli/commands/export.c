/* rca export: what went into a store comes out, byte for byte. */
#include "commands.h"
#include "exit.h"
#include "options.h"
#include "output.h"
#include "render/safe.h"
#include "request.h"
#include "store.h"
#include <string.h>

typedef struct {
  char *store, *out;
  char **sources;
  gboolean raw;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->store);
  g_free (o->out);
  g_strfreev (o->sources);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaExportResult, rca_export_result_clear)

static const RcaUsage usage = {
  "rca export",
  "[SOURCE…]",
  "  rca export --store /srv/rca --raw --out /tmp/logs\n"
  "  rca export --raw --out /tmp/logs nginx/access.log",
  "Gives every file that was read back under its own path below DIR2; of a compressed one its\ndecompressed bytes. SOURCE is a path, the end of one, or the NAME of NAME=PATH.",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "From where; default: the default store", "DIR" },
    { "raw", 0, 0, G_OPTION_ARG_NONE, &o->raw, "The raw files (the one thing that is exported as yet)", NULL },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o->out, "Where to; made when it is absent", "DIR2" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->sources, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return FALSE;
  if (!o->out || !*o->out)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--out DIR2 is wanted: where the files go");
  else if (!o->raw)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--raw is wanted: say what is exported");
  else
    return TRUE;
  return FALSE;
}

static void
print_result (const RcaExportResult *r, const char *out)
{
  g_autofree char *size = g_format_size_full (r->bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *text = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " files of %" G_GUINT64_FORMAT " sources; %s\n", out, r->files, r->sources, size);
  for (guint i = 0; i < r->problem->len; i++)
    rca_say ("rca export: warning: %s", (const char *) g_ptr_array_index (r->problem, i));
  rca_output_write (text, strlen (text));
}

int
rca_command_export (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_auto (RcaExportResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed (usage.name, error);
  rca_be_nice ();
  g_autofree char *dir = o.store ? g_strdup (o.store) : rca_default_store ();
  static const char instead[] = "only a store folder gives logs back as files (rca ingest --store DIR keeps one beside it); a table has them line by line: "
                                "SELECT text FROM rca_rows ORDER BY source, part, line";
  if (!rca_store_must_be_local (dir, instead, &error))
    return rca_failed (usage.name, error);
  if (!rca_store_export (dir, o.out, (const char *const *) o.sources, o.sources ? g_strv_length (o.sources) : 0, &result, &error))
    return rca_failed (usage.name, error);
  print_result (&result, o.out);
  return result.problem->len ? RCA_EXIT_FAILED : RCA_EXIT_OK;
}
