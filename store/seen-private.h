/* Occurrences of a value out of its sightings: the same whoever saw them. */
#pragma once
#include "seam.h"

/* Sightings closer than this are one occurrence. */
#define RCA_SEEN_MERGE_NS (60 * RCA_NS_PER_S)
/* Below this a half of what was looked at is too short to count new values in. */
#define RCA_SEEN_SHORT_NS (600 * RCA_NS_PER_S)

typedef struct {
  guint32 value; /* index into the values asked for */
  gint64 start;
  double seconds; /* of statement time; -1: count rows */
} RcaSighting;

RcaSeen *rca_seen_new (const char *value);
void rca_seen_free (gpointer seen);
/* @n sightings of one value, in time order. */
void rca_seen_gather (RcaSeen *seen, const RcaSighting *sighting, guint n);
