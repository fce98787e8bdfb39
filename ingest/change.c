#include "change.h"

#define MAX_TEXT  1024
#define MAX_WORDS 96

enum {
  STRONG,       /* says by itself what was done */
  WEAK,         /* says it when nothing stronger does */
  NOT_A_CHANGE, /* what follows is told of something else */
};

/* Words and phrases, lower case; the longest that fits counts. */
static const struct {
  const char *phrase;
  RcaChangeKind kind;
  guint strength;
} phrases[] = {
  { "rollback", RCA_CHANGE_ROLLBACK, STRONG },
  { "roll-back", RCA_CHANGE_ROLLBACK, STRONG },
  { "rolledback", RCA_CHANGE_ROLLBACK, STRONG },
  { "rolled back", RCA_CHANGE_ROLLBACK, STRONG },
  { "rolling back", RCA_CHANGE_ROLLBACK, STRONG },
  { "roll back", RCA_CHANGE_ROLLBACK, STRONG },
  { "rolls back", RCA_CHANGE_ROLLBACK, STRONG },
  { "revert", RCA_CHANGE_ROLLBACK, STRONG },
  { "reverted", RCA_CHANGE_ROLLBACK, STRONG },
  { "reverting", RCA_CHANGE_ROLLBACK, STRONG },
  { "reverts", RCA_CHANGE_ROLLBACK, STRONG },
  { "deploy", RCA_CHANGE_DEPLOY, STRONG },
  { "deployed", RCA_CHANGE_DEPLOY, STRONG },
  { "deploying", RCA_CHANGE_DEPLOY, STRONG },
  { "deploys", RCA_CHANGE_DEPLOY, STRONG },
  { "deployment", RCA_CHANGE_DEPLOY, STRONG },
  { "redeploy", RCA_CHANGE_DEPLOY, STRONG },
  { "redeployed", RCA_CHANGE_DEPLOY, STRONG },
  { "release", RCA_CHANGE_DEPLOY, STRONG },
  { "released", RCA_CHANGE_DEPLOY, STRONG },
  { "releasing", RCA_CHANGE_DEPLOY, STRONG },
  { "rollout", RCA_CHANGE_DEPLOY, STRONG },
  { "roll out", RCA_CHANGE_DEPLOY, STRONG },
  { "rolled out", RCA_CHANGE_DEPLOY, STRONG },
  { "rolling out", RCA_CHANGE_DEPLOY, STRONG },
  { "shipped", RCA_CHANGE_DEPLOY, STRONG },
  { "shipping", RCA_CHANGE_DEPLOY, WEAK },
  { "promoted", RCA_CHANGE_DEPLOY, STRONG },
  { "promote", RCA_CHANGE_DEPLOY, STRONG },
  { "canary", RCA_CHANGE_DEPLOY, WEAK },
  { "hotfix", RCA_CHANGE_DEPLOY, WEAK },
  { "go live", RCA_CHANGE_DEPLOY, STRONG },
  { "went live", RCA_CHANGE_DEPLOY, STRONG },
  { "published", RCA_CHANGE_DEPLOY, WEAK },
  { "upgraded", RCA_CHANGE_DEPLOY, WEAK },
  { "upgrade", RCA_CHANGE_DEPLOY, WEAK },
  { "upgrading", RCA_CHANGE_DEPLOY, WEAK },
  { "downgraded", RCA_CHANGE_ROLLBACK, WEAK },
  { "bump", RCA_CHANGE_DEPLOY, WEAK },
  { "image", RCA_CHANGE_DEPLOY, WEAK },
  { "symlinked", RCA_CHANGE_DEPLOY, WEAK },
  { "sync operation", RCA_CHANGE_DEPLOY, STRONG },
  { "applied revision", RCA_CHANGE_DEPLOY, STRONG },
  { "service published", RCA_CHANGE_DEPLOY, STRONG },
  { "service upgraded", RCA_CHANGE_DEPLOY, STRONG },
  { "new replica set", RCA_CHANGE_DEPLOY, STRONG },
  { "feature flag", RCA_CHANGE_FLAG, STRONG },
  { "feature flags", RCA_CHANGE_FLAG, STRONG },
  { "feature-flag", RCA_CHANGE_FLAG, STRONG },
  { "feature_flag", RCA_CHANGE_FLAG, STRONG },
  { "feature toggle", RCA_CHANGE_FLAG, STRONG },
  { "feature switch", RCA_CHANGE_FLAG, STRONG },
  { "feature gate", RCA_CHANGE_FLAG, STRONG },
  { "feature", RCA_CHANGE_FLAG, WEAK },
  { "featureflag", RCA_CHANGE_FLAG, STRONG },
  { "flag", RCA_CHANGE_FLAG, STRONG },
  { "flags", RCA_CHANGE_FLAG, WEAK },
  { "toggle", RCA_CHANGE_FLAG, STRONG },
  { "toggled", RCA_CHANGE_FLAG, STRONG },
  { "experiment", RCA_CHANGE_FLAG, STRONG },
  { "kill switch", RCA_CHANGE_FLAG, STRONG },
  { "killswitch", RCA_CHANGE_FLAG, STRONG },
  { "a/b test", RCA_CHANGE_FLAG, STRONG },
  { "migration", RCA_CHANGE_MIGRATION, STRONG },
  { "migrations", RCA_CHANGE_MIGRATION, STRONG },
  { "migrate", RCA_CHANGE_MIGRATION, STRONG },
  { "migrated", RCA_CHANGE_MIGRATION, STRONG },
  { "migrating", RCA_CHANGE_MIGRATION, STRONG },
  { "schema change", RCA_CHANGE_MIGRATION, STRONG },
  { "schema", RCA_CHANGE_MIGRATION, WEAK },
  { "alter table", RCA_CHANGE_MIGRATION, STRONG },
  { "create index", RCA_CHANGE_MIGRATION, STRONG },
  { "drop index", RCA_CHANGE_MIGRATION, STRONG },
  { "drop table", RCA_CHANGE_MIGRATION, STRONG },
  { "create table", RCA_CHANGE_MIGRATION, STRONG },
  { "flyway", RCA_CHANGE_MIGRATION, WEAK },
  { "liquibase", RCA_CHANGE_MIGRATION, WEAK },
  { "job", RCA_CHANGE_JOB, STRONG },
  { "jobs", RCA_CHANGE_JOB, WEAK },
  { "cron", RCA_CHANGE_JOB, STRONG },
  { "cronjob", RCA_CHANGE_JOB, STRONG },
  { "batch", RCA_CHANGE_JOB, STRONG },
  { "scheduled task", RCA_CHANGE_JOB, STRONG },
  { "backup", RCA_CHANGE_JOB, STRONG },
  { "reindex", RCA_CHANGE_JOB, STRONG },
  { "reindexing", RCA_CHANGE_JOB, STRONG },
  { "etl", RCA_CHANGE_JOB, STRONG },
  { "nightly", RCA_CHANGE_JOB, STRONG },
  { "import", RCA_CHANGE_JOB, WEAK },
  { "export", RCA_CHANGE_JOB, WEAK },
  { "report", RCA_CHANGE_JOB, WEAK },
  { "vacuum", RCA_CHANGE_JOB, STRONG },
  { "task", RCA_CHANGE_JOB, WEAK },
  { "scaled", RCA_CHANGE_SCALE, STRONG },
  { "scale", RCA_CHANGE_SCALE, STRONG },
  { "scaling", RCA_CHANGE_SCALE, STRONG },
  { "autoscaler", RCA_CHANGE_SCALE, STRONG },
  { "autoscaling", RCA_CHANGE_SCALE, STRONG },
  { "autoscaled", RCA_CHANGE_SCALE, STRONG },
  { "rescale", RCA_CHANGE_SCALE, STRONG },
  { "resized", RCA_CHANGE_SCALE, STRONG },
  { "resize", RCA_CHANGE_SCALE, STRONG },
  { "replicas", RCA_CHANGE_SCALE, WEAK },
  { "package", RCA_CHANGE_PACKAGE, STRONG },
  { "packages", RCA_CHANGE_PACKAGE, STRONG },
  { "unattended-upgrade", RCA_CHANGE_PACKAGE, STRONG },
  { "unattended-upgrades", RCA_CHANGE_PACKAGE, STRONG },
  { "apt", RCA_CHANGE_PACKAGE, STRONG },
  { "yum", RCA_CHANGE_PACKAGE, STRONG },
  { "dnf", RCA_CHANGE_PACKAGE, STRONG },
  { "security updates", RCA_CHANGE_PACKAGE, STRONG },
  { "kernel update", RCA_CHANGE_PACKAGE, STRONG },
  { "restart", RCA_CHANGE_RESTART, STRONG },
  { "restarted", RCA_CHANGE_RESTART, STRONG },
  { "restarting", RCA_CHANGE_RESTART, STRONG },
  { "reboot", RCA_CHANGE_RESTART, STRONG },
  { "rebooted", RCA_CHANGE_RESTART, STRONG },
  { "rebooting", RCA_CHANGE_RESTART, STRONG },
  { "reload", RCA_CHANGE_RESTART, STRONG },
  { "reloaded", RCA_CHANGE_RESTART, STRONG },
  { "bounced", RCA_CHANGE_RESTART, STRONG },
  { "failover", RCA_CHANGE_RESTART, STRONG },
  { "failed over", RCA_CHANGE_RESTART, STRONG },
  { "recycled", RCA_CHANGE_RESTART, STRONG },
  { "started", RCA_CHANGE_RESTART, WEAK },
  { "stopped", RCA_CHANGE_RESTART, WEAK },
  { "config", RCA_CHANGE_CONFIG, STRONG },
  { "configuration", RCA_CHANGE_CONFIG, STRONG },
  { "configured", RCA_CHANGE_CONFIG, STRONG },
  { "reconfigured", RCA_CHANGE_CONFIG, STRONG },
  { "conf", RCA_CHANGE_CONFIG, STRONG },
  { "configmap", RCA_CHANGE_CONFIG, STRONG },
  { "setting", RCA_CHANGE_CONFIG, STRONG },
  { "settings", RCA_CHANGE_CONFIG, STRONG },
  { "parameter", RCA_CHANGE_CONFIG, STRONG },
  { "parameters", RCA_CHANGE_CONFIG, STRONG },
  { "env var", RCA_CHANGE_CONFIG, STRONG },
  { "config var", RCA_CHANGE_CONFIG, STRONG },
  { "terraform", RCA_CHANGE_CONFIG, STRONG },
  { "firewall", RCA_CHANGE_CONFIG, STRONG },
  { "security group", RCA_CHANGE_CONFIG, STRONG },
  { "waf", RCA_CHANGE_CONFIG, STRONG },
  { "acl", RCA_CHANGE_CONFIG, STRONG },
  { "cdn", RCA_CHANGE_CONFIG, STRONG },
  { "dns", RCA_CHANGE_CONFIG, STRONG },
  { "certificate", RCA_CHANGE_CONFIG, STRONG },
  { "cert", RCA_CHANGE_CONFIG, STRONG },
  { "secret", RCA_CHANGE_CONFIG, STRONG },
  { "rotated", RCA_CHANGE_CONFIG, STRONG },
  { "credentials", RCA_CHANGE_CONFIG, STRONG },
  { "cache rules", RCA_CHANGE_CONFIG, STRONG },
  { "purged", RCA_CHANGE_CONFIG, STRONG },
  { "purge", RCA_CHANGE_CONFIG, STRONG },
  { "flushed", RCA_CHANGE_CONFIG, STRONG },
  { "environment modified", RCA_CHANGE_CONFIG, STRONG },
  { "environment", RCA_CHANGE_CONFIG, WEAK },
  { "rules", RCA_CHANGE_CONFIG, WEAK },
  { "rule", RCA_CHANGE_CONFIG, WEAK },
  { "limit", RCA_CHANGE_CONFIG, WEAK },
  { "limits", RCA_CHANGE_CONFIG, WEAK },
  { "pool size", RCA_CHANGE_CONFIG, WEAK },
  { "edge", RCA_CHANGE_CONFIG, WEAK },
  { "change", RCA_CHANGE_CONFIG, WEAK },
  { "changed", RCA_CHANGE_CONFIG, WEAK },
  { "updated", RCA_CHANGE_CONFIG, WEAK },
  { "modified", RCA_CHANGE_CONFIG, WEAK },
  { "activated", RCA_CHANGE_CONFIG, WEAK },
  { "enabled", RCA_CHANGE_CONFIG, WEAK },
  { "disabled", RCA_CHANGE_CONFIG, WEAK },
  { "increased", RCA_CHANGE_CONFIG, WEAK },
  { "decreased", RCA_CHANGE_CONFIG, WEAK },
  { "lowered", RCA_CHANGE_CONFIG, WEAK },
  { "raised", RCA_CHANGE_CONFIG, WEAK },
  { "turned on", RCA_CHANGE_FLAG, WEAK },
  { "turned off", RCA_CHANGE_FLAG, WEAK },
  { "switched on", RCA_CHANGE_FLAG, WEAK },
  { "switched off", RCA_CHANGE_FLAG, WEAK },
  { "incident", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "alert", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "paged", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "acknowledged", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "investigating", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "outage", RCA_CHANGE_NONE, NOT_A_CHANGE },
  { "freeze", RCA_CHANGE_NONE, NOT_A_CHANGE },
};

static const struct {
  const char *word, *outcome;
} outcomes[] = {
  { "success", "success" },
  { "succeeded", "success" },
  { "successful", "success" },
  { "successfully", "success" },
  { "succeed", "success" },
  { "finished", "success" },
  { "completed", "success" },
  { "complete", "success" },
  { "done", "success" },
  { "ok", "success" },
  { "passed", "success" },
  { "superseded", "success" },
  { "deployed", "success" },
  { "synced", "success" },
  { "applied", "success" },
  { "active", "success" },
  { "healthy", "success" },
  { "failed", "failure" },
  { "failure", "failure" },
  { "fail", "failure" },
  { "error", "failure" },
  { "errored", "failure" },
  { "aborted", "failure" },
  { "canceled", "failure" },
  { "cancelled", "failure" },
  { "timed_out", "failure" },
  { "started", "in_progress" },
  { "starting", "in_progress" },
  { "start", "in_progress" },
  { "begin", "in_progress" },
  { "began", "in_progress" },
  { "begins", "in_progress" },
  { "running", "in_progress" },
  { "in_progress", "in_progress" },
  { "in-progress", "in_progress" },
  { "inprogress", "in_progress" },
  { "progressing", "in_progress" },
  { "pending-upgrade", "in_progress" },
};

/* Words that name nothing. */
static const char *const fillers[] = {
  "the",         "a",          "an",        "to",           "of",        "on",      "in",      "for",    "by",       "from",      "with",          "and",
  "at",          "new",        "old",       "version",      "versions",  "v",       "tag",     "all",    "hosts",    "service",   "services",      "app",
  "application", "component",  "via",       "using",        "as",        "is",      "was",     "has",    "been",     "now",       "build",         "revision",
  "rev",         "commit",     "this",      "that",         "after",     "before",  "update",  "manual", "manually", "automatic", "automatically", "user",
  "operation",   "production", "prod",      "staging",      "stage",     "dev",     "canary",  "hotfix", "success",  "set",       "replica",       "up",
  "down",        "out",        "back",      "branch",       "created",   "ci",      "cd",      "into",   "due",      "finished",  "completed",     "failed",
  "succeeded",   "started",    "starting",  "successfully", "cluster",   "region",  "events",  "event",  "change",   "changes",   "updated",       "changed",
  "enabled",     "disabled",   "activated", "emergency",    "scheduled", "routine", "planned", "vars",
};

static const char *const environments[]
    = { "production", "prod", "staging", "stage", "preprod", "pre-production", "qa", "dev", "development", "canary", "test", "sandbox", "live" };

static gboolean
word_is (RcaBytes word, const char *lower)
{
  return strlen (lower) == word.n && g_ascii_strncasecmp (word.p, lower, word.n) == 0;
}

static gboolean
is_one_of (RcaBytes word, const char *const *list, guint n)
{
  for (guint i = 0; i < n; i++)
    if (word_is (word, list[i]))
      return TRUE;
  return FALSE;
}

const char *
rca_change_outcome (RcaBytes word)
{
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (word_is (word, outcomes[i].word))
      return outcomes[i].outcome;
  return NULL;
}

static gboolean
is_address (RcaBytes word)
{
  guint dots = 0;
  for (gsize i = 0; i < word.n; i++)
    if (word.p[i] == '.')
      dots++;
    else if (!g_ascii_isdigit (word.p[i]) && word.p[i] != ':')
      return FALSE;
  return dots == 3 && word.n >= 7;
}

gboolean
rca_is_version (RcaBytes word)
{
  gboolean v = word.n > 1 && (word.p[0] | 32) == 'v' && g_ascii_isdigit (word.p[1]);
  guint dots = 0, digits = 0;
  gsize i = v ? 1 : 0;
  if (i >= word.n || word.n > 64 || !g_ascii_isdigit (word.p[i]))
    return FALSE;
  gboolean numeric = TRUE; /* up to the first dash or plus */
  for (; i < word.n; i++)
  {
    char c = word.p[i];
    if (c == '.')
      dots++;
    else if (g_ascii_isdigit (c))
      digits++;
    else if (c == '-' || c == '+' || c == '~')
      numeric = FALSE;
    else if (!g_ascii_isalnum (c) && c != '_')
      return FALSE;
    else if (numeric && !v && dots == 0)
      return FALSE; /* 5ms, 3rd */
    else if (numeric && dots == 1 && digits <= 3 && !v
             && (word_is (rca_bytes_from (word, i), "s") || word_is (rca_bytes_from (word, i), "ms") || word_is (rca_bytes_from (word, i), "x")))
      return FALSE; /* 1.5s */
  }
  return (v || dots >= 1) && word.p[word.n - 1] != '.' && !is_address (word);
}

gboolean
rca_is_commit (RcaBytes word)
{
  guint letters = 0, digits = 0;
  if (word.n < 7 || word.n > 40)
    return FALSE;
  for (gsize i = 0; i < word.n; i++)
    if (g_ascii_isdigit (word.p[i]))
      digits++;
    else if (word.p[i] >= 'a' && word.p[i] <= 'f')
      letters++;
    else
      return FALSE;
  return letters > 0 && digits > 0;
}

gboolean
rca_split_image (RcaBytes word, RcaBytes *name, RcaBytes *version)
{
  const char *slash = word.n == 0 ? NULL : memrchr (word.p, '/', word.n);
  if (slash)
    word = rca_bytes_from (word, (gsize)(slash + 1 - word.p));
  const char *digest = word.n == 0 ? NULL : memmem (word.p, word.n, "@sha256", 7);
  for (gsize i = 1; i + 1 < word.n; i++)
  {
    char c = word.p[i];
    if (c != ':' && c != '@' && c != '-' && c != '_' && c != '=')
      continue;
    RcaBytes rest = rca_bytes_from (word, i + 1);
    if (digest && digest < rest.p)
      digest = memmem (rest.p, rest.n, "@sha256", 7);
    if (digest)
      rest.n = (gsize)(digest - rest.p);
    if ((c == ':' && rest.n > 0 && g_ascii_isalpha (word.p[0]) && (rca_is_version (rest) || rca_is_commit (rest) || g_ascii_isdigit (rest.p[0]) == FALSE))
        || rca_is_version (rest) || (c == '@' && rca_is_commit (rest)))
    {
      *name = rca_bytes (word.p, i);
      *version = rest;
      return g_ascii_isalpha (word.p[0]);
    }
  }
  return FALSE;
}

/* --- sentences ------------------------------------------------------------- */

typedef struct {
  RcaBytes word[MAX_WORDS];  /* without the marks around it */
  gboolean aside[MAX_WORDS]; /* in brackets, or behind a colon that ended the clause */
  gboolean ends[MAX_WORDS];  /* a colon or semicolon follows */
  guint n;
} Words;

static gboolean
is_word_char (char c)
{
  return g_ascii_isalnum (c) || rca_char_in (c, "-_./@+~=<>:#%&$") || (guchar)c >= 0x80;
}

static void
split (RcaBytes text, Words *words)
{
  guint depth = 0;
  words->n = 0;
  for (gsize i = 0; i < text.n && words->n < MAX_WORDS;)
  {
    char c = text.p[i];
    if (c == '\0' || !is_word_char (c))
    {
      if (c == '(' || c == '[')
        depth++;
      else if ((c == ')' || c == ']') && depth > 0)
        depth--;
      i++;
      continue;
    }
    gsize from = i;
    while (i < text.n && text.p[i] && is_word_char (text.p[i]))
      i++;
    gsize to = i;
    while (to > from && rca_char_in (text.p[to - 1], ".:;-"))
      to--;
    if (to == from)
    {
      if (i - from <= 3) /* keep "->" and "=>" out, they end in '>' */
        continue;
      to = i;
    }
    words->word[words->n] = rca_bytes (text.p + from, to - from);
    words->aside[words->n] = depth > 0;
    words->ends[words->n++] = (to < i && text.p[to] == ':');
  }
}

/* The length in words of @phrase at @at, 0 when it does not stand there. */
static guint
phrase_at (const Words *words, guint at, const char *phrase)
{
  guint n = 0;
  while (*phrase)
  {
    const char *blank = strchrnul (phrase, ' ');
    gsize length = (gsize)(blank - phrase);
    if (at + n >= words->n || words->word[at + n].n != length || g_ascii_strncasecmp (words->word[at + n].p, phrase, length) != 0)
      return 0;
    n++;
    phrase = *blank ? blank + 1 : blank;
  }
  return n;
}

typedef struct {
  RcaChangeKind kind;
  guint strength;
  guint at, n; /* words */
} Verb;

static gboolean
verb_at (const Words *words, guint at, Verb *verb)
{
  verb->n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
  {
    guint n = phrase_at (words, at, phrases[i].phrase);
    if (n > verb->n)
      *verb = (Verb){ phrases[i].kind, phrases[i].strength, at, n };
  }
  return verb->n > 0;
}

/* The first word that says what was done; a roll-back told anywhere makes of a deploy a roll-back. */
static gboolean
find_verb (const Words *words, Verb *out)
{
  gboolean found = FALSE, rollback = FALSE;
  for (guint at = 0; at < words->n; at++)
  {
    Verb verb;
    if (!verb_at (words, at, &verb))
      continue;
    if (verb.kind == RCA_CHANGE_ROLLBACK && verb.strength == STRONG)
      rollback = TRUE;
    gboolean better = !found || (out->strength == WEAK && verb.strength != WEAK && !words->aside[at]);
    if (better && (!words->aside[at] || !found))
    {
      *out = verb;
      found = TRUE;
    }
    at += verb.n - 1;
  }
  if (found && rollback && out->kind == RCA_CHANGE_DEPLOY)
    out->kind = RCA_CHANGE_ROLLBACK;
  return found && out->strength != NOT_A_CHANGE;
}

static gboolean
is_any_version (RcaBytes word)
{
  return rca_is_version (word) || rca_is_commit (word);
}

static gboolean
is_name (const Words *words, guint at)
{
  RcaBytes word = words->word[at];
  Verb verb;
  if ((at > 0 && word_is (words->word[at - 1], "branch")) || memchr (word.p, '@', word.n))
    return FALSE;
  if (word.n < 2 || word.n > 64 || !g_ascii_isalpha (word.p[0]) || memchr (word.p, '=', word.n) || is_any_version (word)
      || is_one_of (word, fillers, G_N_ELEMENTS (fillers)) || is_one_of (word, environments, G_N_ELEMENTS (environments)))
    return FALSE;
  return !verb_at (words, at, &verb) || verb.strength == WEAK;
}

static gboolean
is_arrow (RcaBytes word)
{
  return word_is (word, "->") || word_is (word, "=>") || word_is (word, "\xe2\x86\x92");
}

/* service=catalog version=2.5.0 */
static void
read_pairs (const Words *words, RcaChange *out)
{
  for (guint i = 0; i < words->n; i++)
  {
    RcaBytes word = words->word[i];
    const char *mark = memchr (word.p, '=', word.n);
    if (!mark)
      continue;
    RcaBytes key = rca_bytes (word.p, (gsize)(mark - word.p)), value = rca_bytes_from (word, key.n + 1);
    if (word_is (key, "service") || word_is (key, "app") || word_is (key, "component") || word_is (key, "application"))
      out->service = value;
    else if (word_is (key, "version") || word_is (key, "tag") || word_is (key, "release") || word_is (key, "revision"))
      out->version = value;
    else if (word_is (key, "env") || word_is (key, "environment"))
      out->environment = value;
    else if (word_is (key, "user") || word_is (key, "actor") || word_is (key, "by"))
      out->actor = value;
    else if (word_is (key, "status") || word_is (key, "result"))
      out->outcome = rca_change_outcome (value);
  }
}

static void
take_version (RcaChange *out, RcaBytes version, gboolean before)
{
  RcaBytes *slot = before ? &out->version_before : &out->version;
  if (slot->n == 0 || (!before && rca_is_commit (*slot) && rca_is_version (version)))
    *slot = version;
}

/* The nearest name before word @at, over words that name nothing. */
static void
take_service_before (const Words *words, guint at, guint verb_end, RcaChange *out)
{
  for (guint i = at; i-- > 0 && at - i <= 3;)
  {
    if (i < verb_end && words->ends[i] && i > 0)
      break;
    if (is_name (words, i))
    {
      out->service = words->word[i];
      return;
    }
  }
}

static void
read_versions (const Words *words, const Verb *verb, RcaChange *out)
{
  for (guint i = 0; i < words->n; i++)
  {
    RcaBytes word = words->word[i], name, version;
    gboolean before = (i > 0 && word_is (words->word[i - 1], "from")) || (i + 1 < words->n && is_arrow (words->word[i + 1]))
                      || (i + 2 < words->n && word_is (words->word[i + 1], "to") && is_any_version (words->word[i + 2]));
    gboolean target = i > 0 && word_is (words->word[i - 1], "to");
    if (is_any_version (word))
    {
      if (words->aside[i] && out->version.n > 0)
        continue;
      if (target)
        out->version = word;
      else
        take_version (out, word, before);
      if (out->service.n == 0)
        take_service_before (words, i, verb->at + verb->n, out);
    }
    else if (rca_split_image (word, &name, &version) && !memchr (word.p, '=', word.n) && !(version.n > 2 && version.p[0] == '/'))
    {
      take_version (out, version, before);
      if (out->service.n == 0 || words->aside[i])
        out->service = name;
    }
  }
}

/* Without a version: "restarted catalog", "cdn change: …", "catalog: restarted", "config of catalog". */
static void
read_service (const Words *words, const Verb *verb, RcaChange *out)
{
  guint after = verb->at + verb->n;
  for (guint i = 0; i + 1 < words->n; i++)
    if ((word_is (words->word[i], "of") || word_is (words->word[i], "service") || word_is (words->word[i], "app")) && !words->aside[i]
        && is_name (words, i + 1))
    {
      out->service = words->word[i + 1];
      return;
    }
  if (verb->at > 0 && is_name (words, verb->at - 1) && (verb->at == 1 || words->ends[verb->at - 1]))
  {
    out->service = words->word[verb->at - 1];
    return;
  }
  if (words->n > 0 && verb->kind == RCA_CHANGE_CONFIG && verb->at == 0 && word_is (words->word[0], "cdn"))
  {
    out->service = words->word[0];
    return;
  }
  for (guint i = after; i < words->n && i < after + 3; i++)
  {
    if (words->aside[i] || (i > 0 && words->ends[i - 1] && i > after))
      break;
    if (is_name (words, i))
    {
      out->service = words->word[i];
      return;
    }
  }
}

static void
read_people_and_places (const Words *words, RcaChange *out)
{
  for (guint i = 0; i < words->n; i++)
  {
    RcaBytes word = words->word[i];
    if (i > 0 && word_is (words->word[i - 1], "by") && out->actor.n == 0)
      out->actor = word_is (word, "user") && i + 1 < words->n ? words->word[i + 1] : word;
    else if (out->actor.n == 0 && word.n > 3 && memchr (word.p, '@', word.n) && memchr (word.p, '.', word.n) && g_ascii_isalpha (word.p[0])
             && !rca_is_version (rca_bytes_from (word, (gsize)((const char *)memchr (word.p, '@', word.n) - word.p) + 1)))
      out->actor = word;
    if (i > 0 && out->environment.n == 0 && is_one_of (word, environments, G_N_ELEMENTS (environments))
        && (word_is (words->word[i - 1], "to") || word_is (words->word[i - 1], "in") || word_is (words->word[i - 1], "on") || words->aside[i]))
      out->environment = word;
    const char *outcome = words->aside[i] ? NULL : rca_change_outcome (word);
    if (outcome && (!out->outcome || strcmp (outcome, "failure") == 0) && !word_is (word, "deployed") && !word_is (word, "applied"))
      out->outcome = outcome;
  }
}

static RcaBytes
first_line (RcaBytes text)
{
  const char *lf = text.n ? memchr (text.p, '\n', text.n) : NULL;
  return rca_bytes (text.p, MIN (lf ? (gsize)(lf - text.p) : text.n, MAX_TEXT));
}

static void
read_words (const Words *words, const Verb *verb, RcaChange *out)
{
  out->kind = verb->kind;
  out->strong = verb->strength == STRONG;
  read_pairs (words, out);
  if (out->kind != RCA_CHANGE_CONFIG || verb->strength == STRONG)
    read_versions (words, verb, out);
  if (out->service.n == 0 || out->kind == RCA_CHANGE_CONFIG || out->kind == RCA_CHANGE_JOB || out->kind == RCA_CHANGE_FLAG)
  {
    RcaBytes found = out->service;
    out->service.n = 0;
    read_service (words, verb, out);
    if (out->service.n == 0)
      out->service = found;
  }
  read_people_and_places (words, out);
}

gboolean
rca_change_read (RcaBytes text, RcaChange *out)
{
  Words words;
  Verb verb;
  *out = (RcaChange){ .kind = RCA_CHANGE_NONE };
  split (first_line (text), &words);
  if (!find_verb (&words, &verb))
    return FALSE;
  read_words (&words, &verb, out);
  return TRUE;
}

void
rca_change_read_release (RcaBytes text, RcaChange *out)
{
  Words words;
  Verb verb;
  *out = (RcaChange){ .kind = RCA_CHANGE_NONE };
  split (first_line (text), &words);
  gboolean found = find_verb (&words, &verb) && verb.strength == STRONG;
  gboolean config = found && verb.kind == RCA_CHANGE_CONFIG && verb.at == 0;
  if (!found || (verb.kind != RCA_CHANGE_ROLLBACK && verb.kind != RCA_CHANGE_DEPLOY && !config))
    verb = (Verb){ RCA_CHANGE_DEPLOY, found ? WEAK : STRONG, 0, 0 };
  if (verb.n > 0)
    read_words (&words, &verb, out);
  else
  {
    out->kind = RCA_CHANGE_DEPLOY;
    read_pairs (&words, out);
    read_versions (&words, &verb, out);
  }
}

RcaChangeKind
rca_change_kind (RcaBytes name)
{
  char spaced[128];
  gsize n = 0;
  Words words;
  Verb verb;
  for (gsize i = 0; i < name.n && n + 2 < sizeof spaced; i++)
  {
    if (i > 0 && g_ascii_isupper (name.p[i]) && g_ascii_islower (name.p[i - 1]))
      spaced[n++] = ' '; /* camelCase */
    spaced[n++] = rca_char_in (name.p[i], "._-:/,") ? ' ' : name.p[i];
  }
  split (rca_bytes (spaced, n), &words);
  if (!find_verb (&words, &verb))
    return RCA_CHANGE_NONE;
  /* "order.updated", "image_uploaded" and "job" of any kind of program are no changes of the stack */
  if (verb.strength == WEAK && !(verb.kind == RCA_CHANGE_FLAG || phrase_at (&words, verb.at, "upgrade") || phrase_at (&words, verb.at, "upgraded")))
    return RCA_CHANGE_NONE;
  return verb.kind;
}

static void
set_absent (RcaEvent *ev, RcaField field, RcaBytes value)
{
  if (!rca_event_has (ev, field))
    rca_event_set_str (ev, field, value);
}

void
rca_change_apply (const RcaChange *change, RcaEvent *ev)
{
  ev->stream = RCA_STREAM_CHANGE;
  if (change->kind == RCA_CHANGE_NONE)
    return;
  rca_event_set_num (ev, RCA_FIELD_CHANGE_KIND, change->kind);
  set_absent (ev, RCA_FIELD_SERVICE, change->service);
  set_absent (ev, RCA_FIELD_VERSION, change->version);
  set_absent (ev, RCA_FIELD_VERSION_BEFORE, change->version_before);
  set_absent (ev, RCA_FIELD_ACTOR, change->actor);
  set_absent (ev, RCA_FIELD_ENVIRONMENT, change->environment);
  if (change->outcome)
    set_absent (ev, RCA_FIELD_OUTCOME, rca_bytes_str (change->outcome));
}
