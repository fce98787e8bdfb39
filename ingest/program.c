#include "program.h"

static const struct {
  const char *prefix;
  RcaStream stream;
} programs[] = {
  { "haproxy", RCA_STREAM_ACCESS },
  { "nginx", RCA_STREAM_ACCESS },
  { "apache", RCA_STREAM_ACCESS },
  { "httpd", RCA_STREAM_ACCESS },
  { "varnish", RCA_STREAM_CDN },
  { "envoy", RCA_STREAM_ACCESS },
  { "traefik", RCA_STREAM_ACCESS },
  { "heroku-router", RCA_STREAM_ACCESS },
  { "caddy", RCA_STREAM_ACCESS },
  { "postgres", RCA_STREAM_DB },
  { "mysqld", RCA_STREAM_DB },
  { "mariadb", RCA_STREAM_DB },
  { "mysql", RCA_STREAM_DB },
  { "mongod", RCA_STREAM_DB },
  { "mongos", RCA_STREAM_DB },
  { "redis", RCA_STREAM_DB },
  { "valkey", RCA_STREAM_DB },
  { "memcached", RCA_STREAM_DB },
  { "pgbouncer", RCA_STREAM_DB },
  { "proxysql", RCA_STREAM_DB },
  { "patroni", RCA_STREAM_DB },
  { "kernel", RCA_STREAM_MONITOR },
  { "systemd", RCA_STREAM_MONITOR },
  { "sshd", RCA_STREAM_MONITOR },
  { "cron", RCA_STREAM_MONITOR },
  { "CRON", RCA_STREAM_MONITOR },
  { "crond", RCA_STREAM_MONITOR },
  { "anacron", RCA_STREAM_MONITOR },
  { "sudo", RCA_STREAM_MONITOR },
  { "su", RCA_STREAM_MONITOR },
  { "dhclient", RCA_STREAM_MONITOR },
  { "dhcpcd", RCA_STREAM_MONITOR },
  { "NetworkManager", RCA_STREAM_MONITOR },
  { "dbus", RCA_STREAM_MONITOR },
  { "rsyslogd", RCA_STREAM_MONITOR },
  { "syslog-ng", RCA_STREAM_MONITOR },
  { "chronyd", RCA_STREAM_MONITOR },
  { "ntpd", RCA_STREAM_MONITOR },
  { "smartd", RCA_STREAM_MONITOR },
  { "mdadm", RCA_STREAM_MONITOR },
  { "multipathd", RCA_STREAM_MONITOR },
  { "keepalived", RCA_STREAM_MONITOR },
  { "Keepalived", RCA_STREAM_MONITOR },
  { "irqbalance", RCA_STREAM_MONITOR },
  { "named", RCA_STREAM_MONITOR },
};

RcaStream
rca_program_stream (RcaBytes program)
{
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
  {
    if (!rca_bytes_starts (program, programs[i].prefix))
      continue;
    RcaBytes prefix = rca_bytes_str (programs[i].prefix);
    /* "redis-1", "systemd-udevd", "postgres@15", not "cronjobs" */
    if (program.n == prefix.n || !g_ascii_isalpha (program.p[prefix.n]) || prefix.n >= 5)
      return programs[i].stream;
  }
  return RCA_STREAM_APP;
}

static gboolean
set_change (RcaEvent *ev, RcaChangeKind kind, RcaBytes service)
{
  ev->stream = RCA_STREAM_CHANGE;
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, kind);
  rca_event_set_str (ev, RCA_FIELD_SERVICE, service);
  return TRUE;
}

/* "nginx.service - A web server." (systemd 249 on) is "nginx"; "A web server." (before) is "A web server". */
static RcaBytes
unit_name (RcaBytes text)
{
  gssize dash = rca_bytes_find (text, RCA_BYTES (" - "));
  if (dash > 0 && !memchr (text.p, ' ', (gsize)dash))
    text.n = (gsize)dash;
  if (rca_bytes_has_suffix (text, RCA_BYTES ("...")))
    text.n -= 3;
  else if (rca_bytes_has_suffix (text, RCA_BYTES (".")))
    text.n--;
  if (rca_bytes_has_suffix (text, RCA_BYTES (".service")))
    text.n -= sizeof ".service" - 1;
  return text;
}

static gboolean
read_systemd (RcaBytes text, RcaEvent *ev)
{
  static const char *const verbs[] = { "Started ", "Reloaded ", NULL };
  /* no service of the stack: log-ins, slices, scopes */
  static const char *const others[] = { "Session ", "session-", "User Manager", "user@", "Slice ", "user-", "run-", NULL };
  for (guint i = 0; verbs[i]; i++)
  {
    if (!rca_bytes_starts (text, verbs[i]))
      continue;
    RcaBytes unit = rca_bytes_from (text, strlen (verbs[i]));
    for (guint j = 0; others[j]; j++)
      if (rca_bytes_starts (unit, others[j]))
        return FALSE;
    return set_change (ev, RCA_CHANGE_RESTART, unit_name (unit));
  }
  /* "shop.service: Main process exited, code=killed, status=9/KILL" is of the unit, not of systemd */
  gssize mark = rca_bytes_find (text, RCA_BYTES (".service: "));
  if (mark > 0 && !memchr (text.p, ' ', (gsize)mark))
    rca_event_set_str (ev, RCA_FIELD_SERVICE, rca_bytes (text.p, (gsize)mark));
  return FALSE;
}

/* "(root) CMD (/usr/local/bin/backup --all)": the job is called after its program. */
static gboolean
read_cron (RcaBytes text, RcaEvent *ev)
{
  gssize at = rca_bytes_find (text, RCA_BYTES (" CMD ("));
  if (at < 0)
    return FALSE;
  RcaBytes command = rca_bytes_from (text, (gsize)at + sizeof " CMD (" - 1);
  while (command.n && (command.p[0] == ' ' || command.p[0] == '('))
    command = rca_bytes_from (command, 1);
  const char *blank = memchr (command.p, ' ', command.n), *end = blank ?: command.p + command.n;
  RcaBytes program = rca_bytes (command.p, (gsize)(end - command.p));
  while (program.n && program.p[program.n - 1] == ')')
    program.n--;
  const char *slash = memrchr (program.p, '/', program.n);
  if (slash)
    program = rca_bytes_from (program, (gsize)(slash + 1 - program.p));
  return set_change (ev, RCA_CHANGE_JOB, program);
}

/* "Deploy 1a2b3c4 by user x@y" ("Release v42 created by" follows it and tells the same), "Rollback to v41 by …", "Set FOO config vars by …", "Scaled to web@2
 * by …". */
static gboolean
read_heroku (RcaBytes text, RcaEvent *ev)
{
  static const struct {
    const char *prefix, *mark;
    RcaChangeKind kind;
  } sentences[] = {
    { "Deploy ", " by ", RCA_CHANGE_DEPLOY },          { "Rollback to ", " by ", RCA_CHANGE_ROLLBACK },
    { "Set ", " config vars by ", RCA_CHANGE_CONFIG }, { "Remove ", " config vars by ", RCA_CHANGE_CONFIG },
    { "Scaled to ", " by ", RCA_CHANGE_SCALE },        { "Scale to ", " by ", RCA_CHANGE_SCALE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++)
  {
    if (!rca_bytes_starts (text, sentences[i].prefix))
      continue;
    gssize mark = rca_bytes_find (text, rca_bytes_str (sentences[i].mark));
    gsize from = strlen (sentences[i].prefix);
    if (mark < (gssize)from)
      continue;
    RcaBytes what = rca_bytes (text.p + from, (gsize)mark - from);
    rca_event_set_str (ev, sentences[i].kind == RCA_CHANGE_CONFIG ? RCA_FIELD_CHANGE_ID : RCA_FIELD_VERSION, what);
    RcaBytes actor = rca_bytes_from (text, (gsize)mark + strlen (sentences[i].mark));
    if (rca_bytes_has_prefix (actor, RCA_BYTES ("user ")))
      actor = rca_bytes_from (actor, 5);
    rca_event_set_str (ev, RCA_FIELD_ACTOR, actor);
    return set_change (ev, sentences[i].kind, RCA_BYTES ("app"));
  }
  return FALSE;
}

gboolean
rca_program_read (RcaBytes program, RcaBytes text, RcaEvent *ev)
{
  if (rca_bytes_equal (program, RCA_BYTES ("systemd")) || rca_bytes_equal (program, RCA_BYTES ("init")))
    return read_systemd (text, ev);
  if (rca_bytes_equal (program, RCA_BYTES ("CRON")) || rca_bytes_equal (program, RCA_BYTES ("crond")) || rca_bytes_equal (program, RCA_BYTES ("cron"))
      || rca_bytes_equal (program, RCA_BYTES ("/usr/sbin/cron")) || rca_bytes_equal (program, RCA_BYTES ("anacron")))
    return read_cron (text, ev);
  if (rca_bytes_equal (program, RCA_BYTES ("app.api")))
    return read_heroku (text, ev);
  return FALSE;
}
