/* Ansible's log_path: "2026-11-24 02:10:58,026 p=24447 u=root n=ansible | changed: [web1]".
 * A change is a result "changed"; what was done stands in the heading of its task before it. */
#include "formats.h"
#include "../change.h"
#include "../number.h"
#include "../timestamp.h"

#define MAX_TASK 256

typedef struct {
  RcaStampContext context;
  char task[MAX_TASK];
  char text[MAX_TASK + 128];
  gsize task_n;
  guint64 task_line;
} Ansible;

typedef struct {
  RcaStamp stamp;
  RcaBytes text, user, pid;
} Line;

static RcaBytes
value_of (RcaBytes head, const char *key)
{
  gssize at = rca_bytes_find (head, rca_bytes_str (key));
  if (at < 0)
    return (RcaBytes){ NULL, 0 };
  RcaBytes value = rca_bytes_from (head, (gsize)at + strlen (key));
  gsize n = 0;
  while (n < value.n && value.p[n] != ' ')
    n++;
  return rca_bytes (value.p, n);
}

static gboolean
read_line (RcaBytes line, RcaStampContext *context, Line *out)
{
  RcaStampContext scratch = *context;
  gsize n = rca_stamp_parse (line, &scratch, &out->stamp);
  RcaBytes rest = rca_bytes_from (line, n);
  gssize bar = rca_bytes_find (rca_bytes (rest.p, MIN (rest.n, 120)), RCA_BYTES ("| "));
  if (n == 0 || !rca_bytes_has_prefix (rest, RCA_BYTES (" p=")) || bar < 0)
    return FALSE;
  RcaBytes head = rca_bytes (rest.p, (gsize)bar);
  *context = scratch;
  out->user = value_of (head, " u=");
  out->pid = value_of (head, " p=");
  out->text = rca_bytes_from (rest, (gsize)bar + 2);
  return TRUE;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint lines = 0, fits = 0;
  RcaStampContext context;
  rca_stamp_context_init (&context, sample->mtime_ns);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Line line;
    lines += sample->line[i].n > 0;
    fits += read_line (sample->line[i], &context, &line);
  }
  if (fits == 0 || fits * 3 < lines)
    return;
  out->score = 60 + (gint)(38 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines carry Ansible's p= u= n= |", fits, lines);
}

static gpointer
ansible_open (const RcaSampleLines *sample)
{
  Ansible *ansible = g_new0 (Ansible, 1);
  rca_stamp_context_init (&ansible->context, sample->mtime_ns);
  return ansible;
}

static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  const Ansible *ansible = state;
  RcaStampContext scratch = ansible->context;
  Line parts;
  if (line.n == 0)
    return RCA_LINE_NONE;
  return read_line (line, &scratch, &parts) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

static RcaBytes
bracketed (RcaBytes text)
{
  const char *open = memchr (text.p, '[', text.n), *close = memchr (text.p, ']', text.n);
  return open && close > open ? rca_bytes (open + 1, (gsize)(close - open - 1)) : (RcaBytes){ NULL, 0 };
}

static void
remember_task (Ansible *ansible, RcaBytes text, guint64 line)
{
  RcaBytes task = bracketed (text);
  ansible->task_n = MIN (task.n, MAX_TASK);
  if (ansible->task_n > 0)
    memcpy (ansible->task, task.p, ansible->task_n);
  ansible->task_line = line;
}

static void
read_changed (Ansible *ansible, RcaBytes text, RcaEvent *ev)
{
  RcaBytes host = bracketed (text), task = rca_bytes (ansible->task, ansible->task_n);
  RcaChange change;
  if (!rca_change_read (task, &change))
    change = (RcaChange){ .kind = RCA_CHANGE_CONFIG };
  change.outcome = "success";
  int n = g_snprintf (ansible->text, sizeof ansible->text, "%.*s (changed: %.*s)", (int)task.n, task.p, (int)MIN (host.n, 100), host.p ? host.p : "");
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, rca_bytes (ansible->text, (gsize)n));
  rca_event_set_str (ev, RCA_FIELD_HOST, host);
  if (ansible->task_line > 0)
    ev->line = ansible->task_line; /* the heading says what was done */
  rca_change_apply (&change, ev);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Ansible *ansible = state;
  Line line;
  gint64 pid;
  ev->stream = RCA_STREAM_CHANGE;
  if (!read_line (record, &ansible->context, &line))
    return RCA_DECODE_REJECT;
  rca_stamp_apply (&line.stamp, ev);
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, line.text);
  rca_event_set_str (ev, RCA_FIELD_ACTOR, line.user);
  if (rca_parse_int (line.pid, &pid))
    rca_event_set_num (ev, RCA_FIELD_PID, pid);
  if (rca_bytes_has_prefix (line.text, RCA_BYTES ("TASK [")) || rca_bytes_has_prefix (line.text, RCA_BYTES ("RUNNING HANDLER [")))
    remember_task (ansible, line.text, ev->line);
  else if (rca_bytes_has_prefix (line.text, RCA_BYTES ("changed: [")))
    read_changed (ansible, line.text, ev);
  else if (rca_bytes_has_prefix (line.text, RCA_BYTES ("fatal: [")) || rca_bytes_has_prefix (line.text, RCA_BYTES ("failed: [")))
    ev->severity = RCA_SEVERITY_WARN; /* may be ignored by the play */
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_ansible = {
  .name = "ansible",
  .stream = RCA_STREAM_CHANGE,
  .sniff = sniff,
  .open = ansible_open,
  .close = g_free,
  .line = line_kind,
  .decode = decode,
};
