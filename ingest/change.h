/* What a sentence about a change tells: "deployed storefront 2.4.1 by oncall (hotfix: …)",
 * "Rollback catalog from 2.5.0 to 2.4.0", "cdn change: edge cache rules updated",
 * "feature flag new-cart enabled". One table of words; no format of its own. */
#pragma once
#include "event.h"

typedef struct {
  RcaChangeKind kind; /* NONE: it tells of no change */
  RcaBytes service, version, version_before, actor, environment;
  const char *outcome; /* "success", "failure", "in_progress" or NULL */
  gboolean strong;     /* a word says so that says nothing else ("deployed", not "updated") */
} RcaChange;

/* Reads @text (its first line, at most 1 KiB). TRUE when it tells of a change. Slices of @text. */
gboolean rca_change_read (RcaBytes text, RcaChange *out);

/* The same of a text known to tell of a release ("2.16.0: new totals"): a DEPLOY when it
 * says no more, a ROLLBACK when it says so, a CONFIG when it begins with that. */
void rca_change_read_release (RcaBytes text, RcaChange *out);

/* The kind alone, of a name as machines write it: "deployment.succeeded", "feature-environment-enabled". */
RcaChangeKind rca_change_kind (RcaBytes name);

/* success, failure or in_progress out of the many words for it; NULL for any other word. */
const char *rca_change_outcome (RcaBytes word);

/* 2.5.0, v118, 2026.11.24-3, 6.3.0-rc1; not a bare number, an address or a duration. */
gboolean rca_is_version (RcaBytes word);
/* A commit's hash, whole or abbreviated (7 to 40 hex digits, letters and digits both). */
gboolean rca_is_commit (RcaBytes word);

/* Splits "registry/team/catalog:2.5.0", "catalog@2.5.0", "catalog-2.5.0" into name and version. FALSE: neither. */
gboolean rca_split_image (RcaBytes word, RcaBytes *name, RcaBytes *version);

/* Puts what is set into @ev, where @ev has nothing yet; stream CHANGE. */
void rca_change_apply (const RcaChange *change, RcaEvent *ev);
