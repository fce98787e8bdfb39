/* rca deploy: a change marker for the default store, read by every later analysis. */
#include "commands.h"
#include "exit.h"
#include "options.h"
#include "output.h"
#include "render/safe.h"
#include "request.h"
#include "store.h"
#include "timestamp.h"
#include "window.h"
#include <string.h>

typedef struct {
  char *time, *note, *store;
  char **operands;
  gboolean utc;
} Options;

static void
options_clear (Options *o)
{
  g_free (o->time);
  g_free (o->note);
  g_free (o->store);
  g_strfreev (o->operands);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static const RcaUsage usage = {
  "rca deploy",
  "SERVICE VERSION",
  "  rca deploy checkout 2.5.0\n"
  "  rca deploy checkout \"$GIT_TAG\" --note \"by the pipeline\"\n"
  "  rca deploy checkout 2.5.0 --time 14:05",
  "Records a change marker in the default store; every analysis reads it.",
};

static gboolean
parse (int *argc, char ***argv, Options *o, GError **error)
{
  const GOptionEntry entries[] = {
    { "time", 0, 0, G_OPTION_ARG_FILENAME, &o->time, "When it was; default: now", "T" },
    { "note", 0, 0, G_OPTION_ARG_FILENAME, &o->note, "What else a reader should know", "S" },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &o->store, "Another store than the default one", "DIR" },
    { "utc", 0, 0, G_OPTION_ARG_NONE, &o->utc, "Read --time as UTC", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->operands, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  if (!rca_options_parse (&usage, entries, NULL, argc, argv, error))
    return FALSE;
  if (o->operands && g_strv_length (o->operands) == 2 && *o->operands[0] && *o->operands[1])
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "SERVICE and VERSION are wanted");
  return FALSE;
}

int
rca_command_deploy (int argc, char **argv)
{
  g_auto (Options) o = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () * 1000, when = now;
  if (!parse (&argc, &argv, &o, &error))
    return rca_failed (usage.name, error);
  g_autoptr (GTimeZone) zone = o.utc ? g_time_zone_new_utc () : g_time_zone_new_local ();
  if (o.time && !rca_time_from_text (o.time, now, zone, &when, &error))
    return rca_failed (usage.name, error);
  g_autofree char *dir = o.store ? g_strdup (o.store) : rca_default_store ();
  if (!rca_store_add_marker (dir, o.operands[0], o.operands[1], when, o.note, &error))
    return rca_failed (usage.name, error);
  char text[32];
  rca_say ("rca deploy: %s %s at %s, in %s", o.operands[0], o.operands[1], rca_time_format (when, text), dir);
  return RCA_EXIT_OK;
}
