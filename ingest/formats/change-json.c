/* Change events as JSON: what CI pipelines, GitHub, GitLab, Argo CD, Flux, Kubernetes, Helm,
 * CDEvents, feature-flag services, chat bots and annotation APIs write, one object a line,
 * one pretty-printed over several, or many in one document.
 *
 * Well-known webhooks are rows of a table of paths; all others are read by what their
 * members are called. */
#include "change-shape.h"
#include "formats.h"
#include "../arena.h"
#include "../change.h"
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"

#define MAX_NESTING     6
#define MAX_DEPLOYMENTS 4096
#define MAX_SUMMARY     200

/* --- members by their names ---------------------------------------------------- */

typedef struct {
  const char *name; /* without case, underscores, dashes and blanks */
  RcaChangeSlot slot;
  guint8 strength;
} Alias;

static const Alias aliases[] = {
  { "deployedat", SLOT_TIME, 9 },
  { "releasedat", SLOT_TIME, 9 },
  { "finishedat", SLOT_TIME, 8 },
  { "completedat", SLOT_TIME, 8 },
  { "publishedat", SLOT_TIME, 8 },
  { "statuschangedat", SLOT_TIME, 8 },
  { "at", SLOT_TIME, 8 },
  { "time", SLOT_TIME, 8 },
  { "timestamp", SLOT_TIME, 8 },
  { "@timestamp", SLOT_TIME, 8 },
  { "ts", SLOT_TIME, 7 },
  { "datetime", SLOT_TIME, 8 },
  { "date", SLOT_TIME, 7 },
  { "when", SLOT_TIME, 8 },
  { "occurredat", SLOT_TIME, 8 },
  { "eventtime", SLOT_TIME, 8 },
  { "datehappened", SLOT_TIME, 8 },
  { "datereleased", SLOT_TIME, 8 },
  { "starttime", SLOT_TIME, 6 },
  { "startedat", SLOT_TIME, 6 },
  { "createdat", SLOT_TIME, 6 },
  { "created", SLOT_TIME, 5 },
  { "updatedat", SLOT_TIME, 5 },
  { "endtime", SLOT_TIME, 6 },
  { "changedat", SLOT_TIME, 8 },
  { "service", SLOT_SERVICE, 9 },
  { "servicename", SLOT_SERVICE, 9 },
  { "app", SLOT_SERVICE, 8 },
  { "appname", SLOT_SERVICE, 8 },
  { "application", SLOT_SERVICE, 8 },
  { "applicationname", SLOT_SERVICE, 8 },
  { "component", SLOT_SERVICE, 7 },
  { "project", SLOT_SERVICE, 6 },
  { "projectname", SLOT_SERVICE, 6 },
  { "repo", SLOT_SERVICE, 5 },
  { "reponame", SLOT_SERVICE, 5 },
  { "repository", SLOT_SERVICE, 5 },
  { "module", SLOT_SERVICE, 6 },
  { "workload", SLOT_SERVICE, 6 },
  { "system", SLOT_SERVICE, 4 },
  { "product", SLOT_SERVICE, 4 },
  { "deployment", SLOT_SERVICE, 5 },
  { "target", SLOT_SERVICE, 4 },
  { "workspacename", SLOT_SERVICE, 5 },
  { "resource", SLOT_SERVICE, 3 },
  { "name", SLOT_SERVICE, 2 },
  { "version", SLOT_VERSION, 9 },
  { "newversion", SLOT_VERSION, 10 },
  { "toversion", SLOT_VERSION, 10 },
  { "versionafter", SLOT_VERSION, 10 },
  { "appversion", SLOT_VERSION, 9 },
  { "tag", SLOT_VERSION, 8 },
  { "tagname", SLOT_VERSION, 8 },
  { "release", SLOT_VERSION, 7 },
  { "releasename", SLOT_VERSION, 7 },
  { "image", SLOT_VERSION, 7 },
  { "imagetag", SLOT_VERSION, 8 },
  { "artifact", SLOT_VERSION, 5 },
  { "build", SLOT_VERSION, 4 },
  { "buildnumber", SLOT_VERSION, 4 },
  { "revision", SLOT_VERSION, 5 },
  { "ref", SLOT_VERSION, 2 },
  { "sha", SLOT_VERSION, 3 },
  { "commit", SLOT_VERSION, 3 },
  { "commitsha", SLOT_VERSION, 3 },
  { "gitsha", SLOT_VERSION, 3 },
  { "gitcommit", SLOT_VERSION, 3 },
  { "to", SLOT_VERSION, 6 },
  { "previousversion", SLOT_BEFORE, 9 },
  { "oldversion", SLOT_BEFORE, 9 },
  { "fromversion", SLOT_BEFORE, 9 },
  { "versionbefore", SLOT_BEFORE, 9 },
  { "previous", SLOT_BEFORE, 6 },
  { "from", SLOT_BEFORE, 5 },
  { "environment", SLOT_ENVIRONMENT, 9 },
  { "env", SLOT_ENVIRONMENT, 8 },
  { "environmentname", SLOT_ENVIRONMENT, 9 },
  { "stage", SLOT_ENVIRONMENT, 6 },
  { "namespace", SLOT_ENVIRONMENT, 3 },
  { "actor", SLOT_ACTOR, 9 },
  { "user", SLOT_ACTOR, 8 },
  { "username", SLOT_ACTOR, 8 },
  { "author", SLOT_ACTOR, 8 },
  { "by", SLOT_ACTOR, 8 },
  { "deployedby", SLOT_ACTOR, 9 },
  { "deployer", SLOT_ACTOR, 9 },
  { "triggeredby", SLOT_ACTOR, 8 },
  { "createdby", SLOT_ACTOR, 7 },
  { "initiator", SLOT_ACTOR, 8 },
  { "login", SLOT_ACTOR, 5 },
  { "who", SLOT_ACTOR, 8 },
  { "operator", SLOT_ACTOR, 7 },
  { "owner", SLOT_ACTOR, 3 },
  { "changedby", SLOT_ACTOR, 8 },
  { "status", SLOT_OUTCOME, 9 },
  { "state", SLOT_OUTCOME, 8 },
  { "result", SLOT_OUTCOME, 8 },
  { "conclusion", SLOT_OUTCOME, 9 },
  { "outcome", SLOT_OUTCOME, 9 },
  { "phase", SLOT_OUTCOME, 6 },
  { "runstatus", SLOT_OUTCOME, 8 },
  { "event", SLOT_KIND, 9 },
  { "eventtype", SLOT_KIND, 9 },
  { "eventname", SLOT_KIND, 9 },
  { "type", SLOT_KIND, 8 },
  { "kind", SLOT_KIND, 8 },
  { "action", SLOT_KIND, 7 },
  { "category", SLOT_KIND, 6 },
  { "changetype", SLOT_KIND, 9 },
  { "operation", SLOT_KIND, 7 },
  { "detailtype", SLOT_KIND, 8 },
  { "reason", SLOT_KIND, 4 },
  { "source", SLOT_KIND, 1 },
  { "message", SLOT_TEXT, 8 },
  { "msg", SLOT_TEXT, 8 },
  { "title", SLOT_TEXT, 9 },
  { "text", SLOT_TEXT, 8 },
  { "description", SLOT_TEXT, 8 },
  { "summary", SLOT_TEXT, 9 },
  { "note", SLOT_TEXT, 8 },
  { "notes", SLOT_TEXT, 7 },
  { "comment", SLOT_TEXT, 7 },
  { "subject", SLOT_TEXT, 7 },
  { "body", SLOT_TEXT, 5 },
  { "details", SLOT_TEXT, 5 },
  { "changecause", SLOT_TEXT, 8 },
  { "change", SLOT_TEXT, 7 },
  { "commitmessage", SLOT_TEXT, 7 },
  { "deploymentid", SLOT_ID, 9 },
  { "id", SLOT_ID, 3 },
  { "flag", SLOT_FLAG, 9 },
  { "flagkey", SLOT_FLAG, 9 },
  { "flagname", SLOT_FLAG, 9 },
  { "featureflag", SLOT_FLAG, 9 },
  { "feature", SLOT_FLAG, 8 },
  { "toggle", SLOT_FLAG, 8 },
  { "experiment", SLOT_FLAG, 6 },
  { "setting", SLOT_SETTING, 9 },
  { "parameter", SLOT_SETTING, 9 },
  { "configkey", SLOT_SETTING, 9 },
  { "config", SLOT_SETTING, 7 },
  { "oldvalue", SLOT_SETTING, 3 },
  { "newvalue", SLOT_SETTING, 3 },
  { "job", SLOT_JOB, 9 },
  { "jobname", SLOT_JOB, 9 },
  { "cronjob", SLOT_JOB, 9 },
  { "level", SLOT_NOT, 1 },
  { "severity", SLOT_NOT, 1 },
  { "lvl", SLOT_NOT, 1 },
  { "loglevel", SLOT_NOT, 1 },
  { "logger", SLOT_NOT, 1 },
  { "method", SLOT_NOT, 1 },
  { "requestmethod", SLOT_NOT, 1 },
  { "uri", SLOT_NOT, 1 },
  { "requesturi", SLOT_NOT, 1 },
  { "hostname", SLOT_NOT, 0 },
  { "pid", SLOT_NOT, 1 },
  { "errorseverity", SLOT_NOT, 1 },
  { "sessionid", SLOT_NOT, 1 },
  { "requestid", SLOT_NOT, 1 },
  { "statuscode", SLOT_NOT, 2 }, /* 2: nested as well */
  { "traceid", SLOT_NOT, 2 },
  { "spanid", SLOT_NOT, 2 },
  { "httpmethod", SLOT_NOT, 2 },
  { "stacktrace", SLOT_NOT, 2 },
  { "responsetime", SLOT_NOT, 2 },
  { "reqid", SLOT_NOT, 1 },
};

/* Objects that hold much and say little of the change itself. */
static const char *const closed_objects[] = { "repository", "headrepository", "sender",     "organization", "owner", "creator", "installation", "enterprise",
                                              "links",      "checkrun",       "checksuite", "actor",        "user",  "author",  "labels",       "annotations" };

typedef struct {
  RcaArena *arena;
  RcaStampContext context;
  GHashTable *replica_sets; /* Deployment → the ReplicaSet it scaled up last */
} State;

typedef struct {
  State *state;
  RcaBytes object;
  RcaBytes value[N_SLOTS];
  guint strength[N_SLOTS];
  gboolean rollback; /* a member says so with true */
  const RcaChangeShape *shape;
  RcaChange change;
  RcaChangeKind kind;
  gint64 time_ns;
  guint stamp_flags;
  gboolean has_time;
} Item;

static gsize
plain_name (RcaBytes key, char *out, gsize max)
{
  gsize n = 0;
  for (gsize i = 0; i < key.n && n + 1 < max; i++)
    if (key.p[i] != '_' && key.p[i] != '-' && key.p[i] != ' ' && key.p[i] != '.')
      out[n++] = g_ascii_tolower (key.p[i]);
  out[n] = '\0';
  return n;
}

static gboolean
is_closed (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (closed_objects); i++)
    if (strcmp (name, closed_objects[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
put_value (Item *item, RcaChangeSlot slot, guint strength, RcaBytes value)
{
  if (value.n > 0 && strength > item->strength[slot])
  {
    item->strength[slot] = strength;
    item->value[slot] = value;
  }
}

/* "service:catalog" among tags */
static void
take_tag (Item *item, RcaBytes tag)
{
  static const struct {
    const char *key;
    RcaChangeSlot slot;
  } keys[] = {
    { "service:", SLOT_SERVICE }, { "app:", SLOT_SERVICE }, { "version:", SLOT_VERSION }, { "env:", SLOT_ENVIRONMENT }, { "environment:", SLOT_ENVIRONMENT }
  };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (rca_bytes_starts (tag, keys[i].key))
    {
      put_value (item, keys[i].slot, 50, rca_bytes_from (tag, strlen (keys[i].key)));
      return;
    }
  if (rca_is_version (tag))
    put_value (item, SLOT_VERSION, 40, tag);
  else if (rca_change_kind (tag) != RCA_CHANGE_NONE)
    put_value (item, SLOT_KIND, 40, tag);
  else if (item->value[SLOT_SERVICE].n == 0)
    put_value (item, SLOT_SERVICE, 1, tag);
}

static gboolean
take_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Item *item = user;
  char name[48], parent[48];
  plain_name (key, name, sizeof name);
  if (type == RCA_JSON_OBJECT)
    return depth < MAX_NESTING && !is_closed (name);
  if (type == RCA_JSON_ARRAY)
    return depth < 4 && (strcmp (name, "tags") == 0 || strcmp (name, "images") == 0);
  if (type == RCA_JSON_NULL)
    return FALSE;
  if (type == RCA_JSON_TRUE && (strstr (name, "rollback") || strstr (name, "revert")))
    item->rollback = TRUE;
  if (rca_bytes_has_prefix (path, RCA_BYTES ("tags.")) && type == RCA_JSON_STRING && g_ascii_isdigit (key.p[0]))
  {
    take_tag (item, value);
    return FALSE;
  }
  /* {"service": {"name": …}}, {"flag": {"key": …}}: called after the object around it */
  if (depth >= 2 && (strcmp (name, "key") == 0 || strcmp (name, "id") == 0 || strcmp (name, "name") == 0 || strcmp (name, "value") == 0))
  {
    RcaBytes above = rca_bytes (path.p, path.n > key.n ? path.n - key.n - 1 : 0);
    const char *dot = memrchr (above.p, '.', above.n);
    plain_name (dot ? rca_bytes_from (above, (gsize)(dot + 1 - above.p)) : above, parent, sizeof parent);
    for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
      if (strcmp (aliases[i].name, parent) == 0 && aliases[i].slot != SLOT_TIME && aliases[i].slot != SLOT_NOT)
        put_value (item, aliases[i].slot, aliases[i].strength * 5u, value);
  }
  if (rca_bytes_find (path, RCA_BYTES ("images.")) >= 0 && type == RCA_JSON_STRING)
  {
    put_value (item, SLOT_VERSION, 38, value);
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (strcmp (aliases[i].name, name) == 0)
    {
      if (aliases[i].slot == SLOT_NOT && depth > 1 && aliases[i].strength < 2)
        continue;
      put_value (item, aliases[i].slot, aliases[i].strength * 5u + (depth < 5 ? 5 - depth : 0), value);
      return FALSE;
    }
  return FALSE;
}

/* --- reading one object ---------------------------------------------------------- */

static RcaBytes
get (const Item *item, const char *path)
{
  RcaJsonType type;
  RcaBytes value;
  if (!rca_json_get (item->object, path, item->state->arena, &type, &value) || type == RCA_JSON_NULL || type == RCA_JSON_OBJECT || type == RCA_JSON_ARRAY)
    return (RcaBytes){ NULL, 0 };
  return value;
}

static gboolean
take_time (Item *item, RcaBytes value)
{
  RcaStamp stamp;
  if (value.n == 0)
    return FALSE;
  if (rca_stamp_parse_epoch (value, &item->time_ns))
    item->stamp_flags = RCA_STAMP_HAS_ZONE | RCA_STAMP_HAS_DATE | RCA_STAMP_HAS_YEAR;
  else if (rca_stamp_parse (value, &item->state->context, &stamp) > 0)
  {
    item->time_ns = stamp.time_ns;
    item->stamp_flags = stamp.flags;
  }
  else
    return FALSE;
  return item->has_time = TRUE;
}

static RcaBytes
version_in (RcaBytes value, gboolean last)
{
  RcaBytes name, version;
  if (rca_bytes_has_prefix (value, RCA_BYTES ("refs/tags/")))
    return rca_bytes_from (value, 10);
  if (rca_bytes_has_prefix (value, RCA_BYTES ("pkg:")))
  { /* purl: pkg:oci/myapp@sha256%3A0b31 */
    const char *at = memchr (value.p, '@', value.n);
    return at ? rca_bytes_from (value, (gsize)(at + 1 - value.p)) : (RcaBytes){ NULL, 0 };
  }
  if (rca_is_version (value))
    return value;
  if (rca_is_commit (value))
    return last ? rca_bytes (value.p, MIN (value.n, 12)) : value;
  if ((memchr (value.p, ':', value.n) || memchr (value.p, '/', value.n) || memchr (value.p, '-', value.n)) && rca_split_image (value, &name, &version))
    return version;
  return last ? value : (RcaBytes){ NULL, 0 };
}

static RcaBytes
name_in (RcaBytes value)
{
  RcaBytes name, version;
  if (rca_bytes_has_prefix (value, RCA_BYTES ("pkg:")))
  {
    const char *at = memchr (value.p, '@', value.n);
    value.n = at ? (gsize)(at - value.p) : value.n;
  }
  const char *slash = value.n == 0 ? NULL : memrchr (value.p, '/', value.n);
  if (slash && slash + 1 < value.p + value.n)
    value = rca_bytes_from (value, (gsize)(slash + 1 - value.p));
  if (rca_split_image (value, &name, &version) && rca_is_version (version))
    return name;
  return value;
}

static void
read_shape (Item *item)
{
  for (RcaChangeSlot slot = 0; slot < N_SLOTS; slot++)
    for (guint i = 0; i < RCA_CHANGE_MAX_PATHS && item->shape->path[slot][i]; i++)
    {
      RcaBytes value = get (item, item->shape->path[slot][i]);
      if (value.n == 0)
        continue;
      if (slot == SLOT_VERSION)
        value = version_in (value, i + 1 == RCA_CHANGE_MAX_PATHS || !item->shape->path[slot][i + 1]);
      if (slot == SLOT_TIME ? take_time (item, value) : value.n > 0)
      {
        item->value[slot] = value;
        break;
      }
    }
}

static const RcaChangeShape *
find_shape (const Item *item)
{
  guint n;
  const RcaChangeShape *shapes = rca_change_shapes (&n);
  for (guint i = 0; i < n; i++)
  {
    RcaBytes value = get (item, shapes[i].has);
    if (value.n > 0 && (!shapes[i].is || rca_bytes_is (value, shapes[i].is)))
      return &shapes[i];
  }
  return NULL;
}

/* A look at things, which changes none. */
static gboolean
only_looks (const Item *item)
{
  const char *const *unless = item->shape->unless;
  if (!unless[0])
    return FALSE;
  RcaBytes value = get (item, unless[0]);
  for (guint i = 1; i < G_N_ELEMENTS (item->shape->unless) && unless[i]; i++)
    if (rca_bytes_starts (value, unless[i]))
      return TRUE;
  return FALSE;
}

/* A status that says the change has not begun, or is over and gone. */
static gboolean
is_idle (RcaBytes status)
{
  static const char *const words[]
      = { "queued", "pending", "waiting", "created", "requested", "inactive", "scheduled", "blocked", "manual", "skipped", "approved", "proposed" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i]) == status.n && g_ascii_strncasecmp (words[i], status.p, status.n) == 0)
      return TRUE;
  return FALSE;
}

/* Which kind the words at hand make it. */
static RcaChangeKind
kind_of (const Item *item)
{
  RcaChange told;
  RcaChangeKind kind = item->shape ? item->shape->kind : RCA_CHANGE_NONE;
  if (kind == RCA_CHANGE_NONE && item->value[SLOT_KIND].n > 0)
    kind = rca_change_kind (item->value[SLOT_KIND]);
  if (item->shape && item->shape->when[0])
    return rca_bytes_is (get (item, item->shape->when[0]), item->shape->when[1]) ? kind : RCA_CHANGE_NONE;
  if (item->shape)
    return only_looks (item) ? RCA_CHANGE_NONE : kind;
  if (kind == RCA_CHANGE_NONE && item->value[SLOT_FLAG].n > 0)
    kind = RCA_CHANGE_FLAG;
  if (kind == RCA_CHANGE_NONE && rca_change_read (item->value[SLOT_TEXT], &told) && (told.strong || item->value[SLOT_SERVICE].n > 0))
    kind = told.kind;
  if (kind == RCA_CHANGE_NONE && item->value[SLOT_SETTING].n > 0)
    kind = RCA_CHANGE_CONFIG;
  if (kind == RCA_CHANGE_NONE && item->value[SLOT_JOB].n > 0)
    kind = RCA_CHANGE_JOB;
  if (kind == RCA_CHANGE_NONE && item->value[SLOT_SERVICE].n > 0 && item->value[SLOT_VERSION].n > 0)
    kind = RCA_CHANGE_DEPLOY;
  return kind;
}

static gboolean
tells_of_incident (RcaBytes words)
{
  g_autofree char *lower = g_ascii_strdown (words.n ? words.p : "", (gssize)MIN (words.n, 80));
  return strstr (lower, "incident") || strstr (lower, "alert");
}

static void
settle (Item *item)
{
  RcaBytes *v = item->value;
  RcaChange told = { .kind = RCA_CHANGE_NONE };
  item->kind = kind_of (item);
  if (v[SLOT_TEXT].n > 0)
    rca_change_read_release (v[SLOT_TEXT], &told);
  if (item->kind == RCA_CHANGE_DEPLOY && (item->rollback || told.kind == RCA_CHANGE_ROLLBACK))
    item->kind = RCA_CHANGE_ROLLBACK;
  if (is_idle (v[SLOT_OUTCOME]) && !item->rollback && (item->kind == RCA_CHANGE_DEPLOY || item->kind == RCA_CHANGE_ROLLBACK))
    item->kind = RCA_CHANGE_NONE;
  if (tells_of_incident (v[SLOT_KIND]))
    item->kind = RCA_CHANGE_NONE;
  if ((v[SLOT_VERSION].n == 0 || (rca_is_commit (v[SLOT_VERSION]) && rca_is_version (told.version)))
      && (item->kind == RCA_CHANGE_DEPLOY || item->kind == RCA_CHANGE_ROLLBACK))
    v[SLOT_VERSION] = told.version;
  if (v[SLOT_SERVICE].n == 0)
    v[SLOT_SERVICE] = item->kind == RCA_CHANGE_FLAG && v[SLOT_FLAG].n > 0 ? v[SLOT_FLAG]
                      : item->kind == RCA_CHANGE_JOB && v[SLOT_JOB].n > 0 ? v[SLOT_JOB]
                                                                          : told.service;
}

/* --- Kubernetes ------------------------------------------------------------------ */

static const struct {
  const char *reason;
  RcaChangeKind kind;
} reasons[] = {
  { "SuccessfulRescale", RCA_CHANGE_SCALE },
  { "UpgradeSucceeded", RCA_CHANGE_DEPLOY },
  { "InstallSucceeded", RCA_CHANGE_DEPLOY },
  { "RollbackSucceeded", RCA_CHANGE_ROLLBACK },
  { "DeploymentRollback", RCA_CHANGE_ROLLBACK },
  { "Rebooted", RCA_CHANGE_RESTART },
  { "Drain", RCA_CHANGE_RESTART },
  { "SawCompletedJob", RCA_CHANGE_NONE },
  { "RolloutCompleted", RCA_CHANGE_DEPLOY },
  { "SyncSucceeded", RCA_CHANGE_DEPLOY },
  { "HelmUpgradeSucceeded", RCA_CHANGE_DEPLOY },
};

/* storefront-c8ba0fefb of the Deployment storefront */
static void
read_scaling (Item *item, RcaBytes message, RcaBytes deployment)
{
  gboolean up = rca_bytes_has_prefix (message, RCA_BYTES ("Scaled up replica set "));
  RcaBytes rest = rca_bytes_from (message, up ? 22 : 24), image = { NULL, 0 };
  gsize n = 0;
  if (!up && !rca_bytes_has_prefix (message, RCA_BYTES ("Scaled down replica set ")))
    return;
  while (n < rest.n && rest.p[n] != ' ')
    n++;
  RcaBytes set = rca_bytes (rest.p, n);
  gssize at = rca_bytes_find (rest, RCA_BYTES ("image "));
  if (at >= 0)
  {
    image = rca_bytes_from (rest, (gsize)at + 6);
    for (n = 0; n < image.n && !rca_char_in (image.p[n], " ),");)
      n++;
    image.n = n;
  }
  g_autofree char *owner = g_strndup (deployment.p ? deployment.p : "", deployment.n);
  const char *current = g_hash_table_lookup (item->state->replica_sets, owner);
  gboolean same = current && strlen (current) == set.n && memcmp (current, set.p, set.n) == 0;
  gboolean grown = rca_bytes_find (rest, RCA_BYTES (" from ")) > 0 && rca_bytes_find (rest, RCA_BYTES (" from 0")) < 0;
  if (!up)
  { /* the old set of a roll-out goes: the new one was told already */
    item->kind = same && rca_bytes_find (rest, RCA_BYTES (" to 0")) < 0 ? RCA_CHANGE_SCALE : RCA_CHANGE_NONE;
    return;
  }
  item->kind = same || (!current && grown && image.n == 0) ? RCA_CHANGE_SCALE : RCA_CHANGE_DEPLOY;
  if (!same && g_hash_table_size (item->state->replica_sets) < MAX_DEPLOYMENTS)
    g_hash_table_insert (item->state->replica_sets, g_steal_pointer (&owner), g_strndup (set.p, set.n));
  if (item->kind != RCA_CHANGE_DEPLOY)
    return;
  item->value[SLOT_VERSION] = image.n > 0 ? version_in (image, TRUE) : set.n > deployment.n + 1 ? rca_bytes_from (set, deployment.n + 1) : set;
  item->value[SLOT_ID] = set;
}

static void
read_kubernetes (Item *item, const char *about)
{
  static const char *const times[]
      = { "lastTimestamp", "eventTime", "series.lastObservedTime", "timestamp", "deprecatedLastTimestamp", "firstTimestamp", "metadata.creationTimestamp" };
  char path[64];
  for (guint i = 0; i < G_N_ELEMENTS (times) && !item->has_time; i++)
    take_time (item, get (item, times[i]));
  g_snprintf (path, sizeof path, "%s.name", about);
  RcaBytes name = get (item, path), reason = get (item, "reason"), message = get (item, "message");
  if (message.n == 0)
    message = get (item, "note");
  g_snprintf (path, sizeof path, "%s.namespace", about);
  memset (item->value, 0, sizeof item->value);
  item->value[SLOT_ENVIRONMENT] = get (item, path);
  item->value[SLOT_SERVICE] = name;
  item->value[SLOT_TEXT] = message;
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (rca_bytes_is (reason, reasons[i].reason))
      item->kind = reasons[i].kind;
  if (rca_bytes_equal (reason, RCA_BYTES ("ScalingReplicaSet")))
    read_scaling (item, message, name);
  else if (rca_bytes_equal (reason, RCA_BYTES ("Killing")) && rca_bytes_find (message, RCA_BYTES ("will be restarted")) > 0)
    item->kind = RCA_CHANGE_RESTART;
  else if (rca_bytes_find (message, RCA_BYTES ("Sync operation to ")) >= 0 && rca_bytes_find (message, RCA_BYTES ("succeeded")) > 0)
  {
    RcaBytes revision = rca_bytes_from (message, (gsize)rca_bytes_find (message, RCA_BYTES ("Sync operation to ")) + 18);
    gsize n = 0;
    while (n < revision.n && revision.p[n] != ' ')
      n++;
    item->kind = RCA_CHANGE_DEPLOY;
    item->value[SLOT_VERSION] = version_in (rca_bytes (revision.p, n), TRUE);
  }
  else if (rca_bytes_has_prefix (message, RCA_BYTES ("Applied revision: ")))
  { /* Flux: main@sha1:0b31…, or v2.5.0/… */
    RcaBytes revision = rca_bytes_from (message, 18);
    const char *colon = memrchr (revision.p, ':', revision.n);
    item->kind = RCA_CHANGE_DEPLOY;
    item->value[SLOT_VERSION] = version_in (colon ? rca_bytes_from (revision, (gsize)(colon + 1 - revision.p)) : revision, TRUE);
  }
  item->change.outcome = rca_bytes_equal (get (item, "type"), RCA_BYTES ("Warning")) ? "failure" : NULL;
}

/* kubectl get replicasets -o json: each was a roll-out when it was made */
static gboolean
read_replica_set (Item *item)
{
  RcaBytes image = get (item, "spec.template.spec.containers.0.image");
  if (!rca_bytes_equal (get (item, "kind"), RCA_BYTES ("ReplicaSet")) || image.n == 0)
    return FALSE;
  memset (item->value, 0, sizeof item->value);
  take_time (item, get (item, "metadata.creationTimestamp"));
  item->kind = RCA_CHANGE_DEPLOY;
  item->value[SLOT_SERVICE] = get (item, "metadata.ownerReferences.0.name");
  item->value[SLOT_VERSION] = version_in (image, TRUE);
  item->value[SLOT_ID] = get (item, "metadata.name");
  item->value[SLOT_TEXT] = image;
  return TRUE;
}

/* Whether @object is a change event of any known shape, with all that it tells in @item. */
static gboolean
read_item (State *state, RcaBytes object, Item *item)
{
  *item = (Item){ .state = state, .object = object, .time_ns = RCA_TIME_NONE };
  if (rca_json_scan (object, state->arena, take_member, item) == 0)
    return FALSE;
  if (get (item, "involvedObject.kind").n > 0)
  {
    read_kubernetes (item, "involvedObject");
    return TRUE;
  }
  if (get (item, "regarding.kind").n > 0)
  {
    read_kubernetes (item, "regarding");
    return TRUE;
  }
  if (read_replica_set (item))
    return TRUE;
  item->shape = find_shape (item);
  if (item->shape)
  {
    memset (item->value, 0, sizeof item->value);
    read_shape (item);
    settle (item);
    item->value[SLOT_SERVICE] = name_in (item->value[SLOT_SERVICE]);
    return TRUE;
  }
  gboolean log_record = item->value[SLOT_NOT].n > 0;
  take_time (item, item->value[SLOT_TIME]);
  RcaBytes *v = item->value, image = v[SLOT_VERSION];
  if (image.n > 0)
  {
    v[SLOT_VERSION] = version_in (image, TRUE);
    if (v[SLOT_SERVICE].n == 0 && v[SLOT_VERSION].n < image.n)
      v[SLOT_SERVICE] = name_in (image);
  }
  settle (item);
  v[SLOT_SERVICE] = name_in (v[SLOT_SERVICE]);
  return !log_record && item->has_time && item->kind != RCA_CHANGE_NONE
         && (v[SLOT_SERVICE].n > 0 || v[SLOT_VERSION].n > 0 || v[SLOT_FLAG].n > 0 || v[SLOT_TEXT].n > 0);
}

/* --- events ----------------------------------------------------------------------- */

static gboolean
lies_in (RcaBytes value, RcaBytes text)
{
  return value.n > 0 && value.p >= text.p && value.p < text.p + text.n;
}

typedef struct {
  const Item *item;
  char *text;
  gsize n;
} Summary;

static void
append (Summary *summary, RcaBytes bytes)
{
  gsize n = MIN (bytes.n, MAX_SUMMARY - summary->n);
  if (n > 0)
    memcpy (summary->text + summary->n, bytes.p, n);
  summary->n += n;
}

/* Members that are neither who, when nor a heading: "key=db.pool.max old=20 new=5". */
static gboolean
append_member (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Summary *summary = user;
  const RcaBytes *v = summary->item->value;
  if (type == RCA_JSON_OBJECT)
    return depth < 2;
  if (type == RCA_JSON_ARRAY || type == RCA_JSON_NULL || value.n > 60)
    return FALSE;
  for (RcaChangeSlot slot = 0; slot < N_SLOTS; slot++)
    if (slot != SLOT_SETTING && slot != SLOT_BEFORE && slot != SLOT_VERSION && v[slot].n == value.n && v[slot].p == value.p)
      return FALSE;
  append (summary, RCA_BYTES (" "));
  append (summary, key);
  append (summary, RCA_BYTES ("="));
  append (summary, value);
  return FALSE;
}

/* What a change without a text of its own says. */
static RcaBytes
summary_of (const Item *item)
{
  Summary summary = { item, rca_arena_alloc (item->state->arena, MAX_SUMMARY), 0 };
  const RcaBytes *v = item->value;
  append (&summary, v[SLOT_KIND].n > 0 ? v[SLOT_KIND] : rca_bytes_str (rca_change_kind_name (item->kind)));
  if (v[SLOT_SERVICE].n > 0)
    append (&summary, RCA_BYTES (" "));
  append (&summary, v[SLOT_SERVICE]);
  if (item->kind != RCA_CHANGE_DEPLOY && item->kind != RCA_CHANGE_ROLLBACK && !item->shape)
    rca_json_scan (item->object, item->state->arena, append_member, &summary);
  else if (v[SLOT_VERSION].n > 0)
  {
    append (&summary, RCA_BYTES (" "));
    append (&summary, v[SLOT_VERSION]);
  }
  return rca_bytes (summary.text, summary.n);
}

static void
emit_item (const Item *item, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  const RcaBytes *v = item->value;
  ev->stream = RCA_STREAM_CHANGE;
  if (item->has_time)
  {
    RcaStamp stamp = { .time_ns = item->time_ns, .flags = item->stamp_flags };
    rca_stamp_apply (&stamp, ev);
  }
  rca_event_set_str (ev, RCA_FIELD_MESSAGE, v[SLOT_TEXT].n > 0 ? v[SLOT_TEXT] : summary_of (item));
  rca_event_set_str (ev, RCA_FIELD_ENVIRONMENT, v[SLOT_ENVIRONMENT]);
  rca_event_set_str (ev, RCA_FIELD_SERVICE, v[SLOT_SERVICE]);
  rca_event_set_str (ev, RCA_FIELD_ACTOR, v[SLOT_ACTOR]);
  rca_event_set_str (ev, RCA_FIELD_CHANGE_ID, v[SLOT_ID]);
  if (item->kind != RCA_CHANGE_NONE)
  {
    rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, item->kind);
    gboolean versioned = item->kind == RCA_CHANGE_DEPLOY || item->kind == RCA_CHANGE_ROLLBACK || item->kind == RCA_CHANGE_PACKAGE;
    if (versioned || rca_is_version (v[SLOT_VERSION]))
      rca_event_set_str (ev, RCA_FIELD_VERSION, v[SLOT_VERSION]);
    if (versioned || rca_is_version (v[SLOT_BEFORE]))
      rca_event_set_str (ev, RCA_FIELD_VERSION_BEFORE, v[SLOT_BEFORE]);
    const char *outcome = rca_change_outcome (v[SLOT_OUTCOME]);
    rca_event_set_str (ev, RCA_FIELD_OUTCOME, outcome ? rca_bytes_str (outcome) : v[SLOT_OUTCOME]);
  }
  else if (item->change.outcome)
    ev->severity = RCA_SEVERITY_WARN;
  emit (ev, user);
}

typedef struct {
  State *state;
  RcaBytes document;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
  guint64 line, offset; /* of @counted, of the document */
  const char *counted;
} Emission;

/* Objects come in order: each line feed is counted once. */
static guint64
line_of (Emission *to, const char *at)
{
  for (const char *lf; at > to->counted && (lf = memchr (to->counted, '\n', (gsize)(at - to->counted))) != NULL; to->counted = lf + 1)
    to->line++;
  return to->line;
}

static void
emit_object (Emission *to, RcaBytes object)
{
  Item item;
  rca_event_clear (to->ev);
  read_item (to->state, object, &item);
  const char *at = lies_in (item.value[SLOT_VERSION], object) ? item.value[SLOT_VERSION].p : object.p;
  to->ev->line = line_of (to, at);
  to->ev->offset = to->offset + (guint64)(object.p - to->document.p);
  to->ev->raw = object;
  emit_item (&item, to->ev, to->emit, to->user);
}

static void
take_element (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  if (type == RCA_JSON_OBJECT)
    emit_object (user, value);
}

/* The array of a list document: Kubernetes' items, an API's events or data. */
static RcaBytes
list_of (State *state, RcaBytes document)
{
  static const char *const names[]
      = { "items", "events", "deployments", "releases", "changes", "annotations", "history", "data", "results", "messages", "deploys",
            "builds", "workflow_runs", "status.history", "Records" };
  RcaBytes value;
  RcaJsonType type;
  if (document.n > 0 && document.p[0] == '[')
    return document;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (rca_json_get (document, names[i], state->arena, &type, &value) && type == RCA_JSON_ARRAY)
    {
      gsize at = 1;
      while (at < value.n && g_ascii_isspace (value.p[at]))
        at++;
      if (at < value.n && value.p[at] == '{')
        return value;
    }
  return (RcaBytes){ NULL, 0 };
}

static RcaBytes
trim (RcaBytes text)
{
  while (text.n > 0 && g_ascii_isspace (text.p[0]))
    text = rca_bytes_from (text, 1);
  while (text.n > 0 && g_ascii_isspace (text.p[text.n - 1]))
    text.n--;
  return text;
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  RcaBytes text = trim (record);
  rca_arena_reset (state->arena);
  if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
    return RCA_DECODE_REJECT;
  Emission to = { state, record, ev, emit, user, ev->line, ev->offset, record.p };
  RcaBytes list = list_of (state, text);
  if (list.n > 0)
    return rca_json_each (list, state->arena, take_element, &to) > 0 ? RCA_DECODE_OK : RCA_DECODE_REJECT;
  if (rca_json_scan (text, state->arena, NULL, NULL) == 0)
    return RCA_DECODE_REJECT;
  emit_object (&to, text);
  return RCA_DECODE_OK;
}

static State *
state_new (gint64 mtime_ns)
{
  State *state = g_new0 (State, 1);
  state->arena = rca_arena_new ();
  state->replica_sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  rca_stamp_context_init (&state->context, mtime_ns);
  return state;
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_arena_free (state->arena);
  g_hash_table_unref (state->replica_sets);
  g_free (state);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  return state_new (sample->mtime_ns);
}

/* --- telling them ------------------------------------------------------------------ */

typedef struct {
  State *state;
  guint items, changes;
} Count;

static void
count_object (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  Count *count = user;
  Item item;
  if (type != RCA_JSON_OBJECT || count->items >= 100)
    return;
  count->items++;
  count->changes += read_item (count->state, value, &item);
}

/* An object that is a change, or holds a list of them. */
static void
count_line (RcaBytes line, Count *count)
{
  guint items = count->items, changes = count->changes;
  count_object (0, RCA_JSON_OBJECT, line, count);
  RcaBytes list = count->changes > changes ? rca_bytes (NULL, 0) : list_of (count->state, line);
  if (list.n == 0)
    return;
  count->items = items;
  rca_json_each (list, count->state->arena, count_object, count);
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  Count count = { state_new (sample->mtime_ns), 0, 0 };
  guint lines = 0;
  for (guint i = 0; i < sample->n_lines && lines < 60; i++)
  {
    RcaBytes line = trim (sample->line[i]);
    if (line.n == 0)
      continue;
    lines++;
    rca_arena_reset (count.state->arena);
    if (line.p[0] == '{' && line.n > 2)
      count_line (line, &count);
  }
  state_close (count.state);
  lines = MAX (lines, count.items); /* documents of several, a line each */
  if (count.changes * 2 < lines || count.changes == 0)
    return;
  out->score = 55 + (gint)(35 * count.changes / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u entries are change events in JSON", count.changes, lines);
}

/* One document over several lines, or several pretty-printed ones. */
static void
sniff_document (const RcaSampleLines *sample, RcaSniff *out)
{
  static const char *const marks[] = { "\"involvedObject\"", "\"deployedAt\"", "\"chart\"" };
  RcaBytes text = trim (sample->head);
  if (text.n == 0 || (text.p[0] != '[' && !(text.p[0] == '{' && (text.n < 2 || text.p[1] != '"' || sample->n_lines < 3))))
    return;
  if (!sample->whole)
  {
    for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
      if (rca_bytes_find (rca_bytes (text.p, MIN (text.n, 16384)), rca_bytes_str (marks[i])) >= 0)
      {
        out->score = 80;
        g_strlcpy (out->reason, "a document of change events in JSON", sizeof out->reason);
      }
    return;
  }
  Count count = { state_new (sample->mtime_ns), 0, 0 };
  RcaBytes list = list_of (count.state, text);
  if (list.n > 0)
    rca_json_each (list, count.state->arena, count_object, &count);
  else if (sample->n_lines > 1 && rca_json_scan (text, count.state->arena, NULL, NULL) == text.n)
    count_object (0, RCA_JSON_OBJECT, text, &count);
  state_close (count.state);
  if (count.items == 0 || count.changes * 2 < count.items)
    return;
  out->score = (gint)(92 * count.changes / count.items);
  g_snprintf (out->reason, sizeof out->reason, "a document of %u change events in JSON", count.changes);
}

/* Pretty-printed objects, one after another: each begins at the margin. */
static RcaLineKind
line_kind (gpointer state, RcaBytes line)
{
  if (trim (line).n == 0)
    return RCA_LINE_NONE;
  return line.p[0] == '{' || line.p[0] == '[' || !g_ascii_isspace (line.p[0]) ? (line.p[0] == '}' || line.p[0] == ']' ? RCA_LINE_CONTINUES : RCA_LINE_RECORD)
                                                                              : RCA_LINE_CONTINUES;
}

const RcaFormat rca_format_change_json = {
  .name = "change-json",
  .stream = RCA_STREAM_CHANGE,
  .sniff = sniff,
  .open = state_open,
  .close = state_close,
  .line = line_kind,
  .decode = decode,
};

const RcaFormat rca_format_change_document = {
  .name = "change-document",
  .stream = RCA_STREAM_CHANGE,
  .document = TRUE,
  .sniff = sniff_document,
  .open = state_open,
  .close = state_close,
  .decode = decode,
};
