/* Packages put on or taken off a host: dpkg.log, apt's history.log, yum.log and dnf.rpm.log,
 * pacman.log. What only tells of steps on the way (unpacked, configure, trigproc) is no change. */
#include "formats.h"
#include "../change.h"
#include "../timestamp.h"

typedef struct {
  RcaStampContext context;
  gboolean history; /* apt's blocks */
} Packages;

typedef struct {
  RcaStamp stamp;
  RcaBytes action, rest;
} Line;

static const char *const changing[] = { "install", "upgrade", "remove",      "purge",      "disappear", "installed", "updated", "upgraded",
                                        "erased",  "removed", "reinstalled", "downgraded", "downgrade", "reinstall", "erase" };
static const char *const steps[]
    = { "status", "configure", "trigproc", "startup", "conffile", "triggers", "cleanup", "obsoleted", "running", "transaction", "warning", "---" };

static RcaBytes
next_word (RcaBytes *text)
{
  while (text->n > 0 && rca_char_in (text->p[0], " \t[]"))
    *text = rca_bytes_from (*text, 1);
  gsize n = 0;
  while (n < text->n && !rca_char_in (text->p[n], " \t]"))
    n++;
  RcaBytes word = rca_bytes (text->p, n);
  *text = rca_bytes_from (*text, n);
  return word;
}

static gboolean
is_one_of (RcaBytes word, const char *const *list, guint n)
{
  for (guint i = 0; i < n; i++)
    if (strlen (list[i]) == word.n && g_ascii_strncasecmp (list[i], word.p, word.n) == 0)
      return TRUE;
  return FALSE;
}

/* "2026-11-24 00:31:49 upgrade …", "… SUBDEBUG Upgraded: …", "[…] [ALPM] upgraded …" */
static gboolean
read_line (RcaBytes text, RcaStampContext *context, Line *line)
{
  RcaStampContext scratch = *context;
  gsize n = rca_stamp_parse (text, &scratch, &line->stamp);
  if (n < 15)
    return FALSE;
  RcaBytes rest = rca_bytes_from (text, n);
  line->action = next_word (&rest);
  if (is_one_of (line->action, (const char *const[]){ "SUBDEBUG", "INFO", "DEBUG", "ALPM" }, 4))
    line->action = next_word (&rest);
  if (line->action.n > 0 && line->action.p[line->action.n - 1] == ':')
    line->action.n--;
  line->rest = rest;
  *context = scratch;
  return TRUE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, fits = 0, blocks = 0, alone = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Line line;
    if (sample->line[i].n == 0)
      continue;
    lines++;
    blocks += rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("Start-Date: "));
    if (!read_line (sample->line[i], &context, &line))
      continue;
    gboolean changes = is_one_of (line.action, changing, G_N_ELEMENTS (changing));
    fits += changes || is_one_of (line.action, steps, G_N_ELEMENTS (steps));
    /* name:architecture, or name-version.architecture */
    RcaBytes rest = line.rest, name = next_word (&rest);
    alone += changes && (memchr (name.p, ':', name.n) || memchr (name.p, '.', name.n) || memchr (rest.p, '(', rest.n));
  }
  if (lines == 0)
    return;
  if (blocks > 0)
  {
    out->score = 95;
    g_snprintf (out->reason, sizeof out->reason, "%u transactions of apt's history", blocks);
  }
  else if (fits * 10 >= lines * 7 && (alone > 0 || fits == lines))
  {
    out->score = (gint)((alone == fits ? 97 : 93) * fits / lines);
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are steps of a package manager", fits, lines);
  }
}

static gpointer
packages_open (const RcaSampleLines *sample)
{
  Packages *packages = g_new0 (Packages, 1);
  rca_stamp_context_init (&packages->context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines && !packages->history; i++)
    packages->history = rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("Start-Date: "));
  return packages;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  const Packages *packages = state;
  if (line.n == 0)
    return RCA_LINE_NONE;
  return packages->history && !rca_bytes_has_prefix (line, RCA_BYTES ("Start-Date: ")) ? RCA_LINE_CONTINUES : RCA_LINE_RECORD;
}

/* libnss3-dev:amd64 is libnss3-dev */
static RcaBytes
package_name (RcaBytes word)
{
  const char *colon = memchr (word.p, ':', word.n);
  return colon ? rca_bytes (word.p, (gsize)(colon - word.p)) : word;
}

static void
read_change (RcaEvent *ev, RcaBytes action, RcaBytes rest)
{
  RcaBytes name = next_word (&rest), a = next_word (&rest), b = next_word (&rest);
  const RcaBytes none = RCA_BYTES ("<none>");
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_PACKAGE);
  rca_event_set_str (ev, RCA_FIELD_SERVICE, package_name (name));
  gboolean leaves = is_one_of (action, (const char *const[]){ "remove", "purge", "removed", "erased", "erase", "disappear" }, 6);
  if (a.n > 0 && !rca_bytes_equal (a, none))
    rca_event_set_str (ev, RCA_FIELD_VERSION_BEFORE, a.p[0] == '(' ? rca_bytes_from (a, 1) : a);
  if (!leaves && b.n > 0 && !rca_bytes_equal (b, none))
    rca_event_set_str (ev, RCA_FIELD_VERSION, b);
}

static RcaBytes
header (RcaBytes record, const char *name)
{
  gssize at = rca_bytes_find (record, rca_bytes_str (name));
  if (at < 0)
    return (RcaBytes){ NULL, 0 };
  RcaBytes value = rca_bytes_from (record, (gsize)at + strlen (name));
  const char *lf = memchr (value.p, '\n', value.n);
  value.n = lf ? (gsize)(lf - value.p) : value.n;
  while (value.n > 0 && value.p[0] == ' ')
    value = rca_bytes_from (value, 1);
  return value;
}

static gboolean
read_transaction (Packages *packages, RcaBytes record, RcaEvent *ev)
{
  static const char *const lists[] = { "\nUpgrade:", "\nInstall:", "\nRemove:", "\nPurge:", "\nReinstall:", "\nDowngrade:" };
  RcaStamp stamp;
  RcaBytes when = header (record, "Start-Date:"), command = header (record, "\nCommandline:"), actor = header (record, "\nRequested-By:");
  if (when.n == 0 || rca_stamp_parse (when, &packages->context, &stamp) == 0)
    return FALSE;
  rca_stamp_apply (&stamp, ev);
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_PACKAGE);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
  {
    RcaBytes list = header (record, lists[i]);
    if (list.n == 0)
      continue;
    rca_event_set_str (ev, RCA_FIELD_SERVICE, package_name (next_word (&list)));
    if (command.n == 0)
      command = header (record, lists[i]);
    break;
  }
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, command.n > 0 ? command : record);
  const char *blank = memchr (actor.p ? actor.p : "", ' ', actor.n);
  rca_event_set_str (ev, RCA_FIELD_ACTOR, blank ? rca_bytes (actor.p, (gsize)(blank - actor.p)) : actor);
  return TRUE;
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Packages *packages = state;
  Line line;
  ev->stream = RCA_STREAM_CHANGE;
  if (packages->history)
  {
    if (!read_transaction (packages, record, ev))
      return RCA_DECODE_REJECT;
  }
  else
  {
    if (!read_line (record, &packages->context, &line))
      return RCA_DECODE_REJECT;
    rca_stamp_apply (&line.stamp, ev);
    rca_event_set_str (ev, RCA_FIELD_MESSAGE, rca_bytes_from (record, (gsize)(line.action.p - record.p)));
    if (is_one_of (line.action, changing, G_N_ELEMENTS (changing)))
      read_change (ev, line.action, line.rest);
  }
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_packages = {
  .name = "packages",
  .stream = RCA_STREAM_CHANGE,
  .sniff = sniff,
  .open = packages_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
