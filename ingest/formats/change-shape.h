/* Change events of well-known senders: which member gives one away, and where it says what. */
#pragma once
#include "../event.h"

#define RCA_CHANGE_MAX_PATHS 8

typedef enum {
  SLOT_TIME,
  SLOT_SERVICE,
  SLOT_VERSION,
  SLOT_BEFORE,
  SLOT_ENVIRONMENT,
  SLOT_ACTOR,
  SLOT_OUTCOME,
  SLOT_KIND,
  SLOT_TEXT,
  SLOT_ID,
  SLOT_FLAG,
  SLOT_SETTING,
  SLOT_JOB,
  SLOT_NOT,
  N_SLOTS
} RcaChangeSlot;

typedef struct {
  const char *has;    /* the member that gives it away */
  const char *is;     /* its value, where the name alone would not do; or NULL */
  RcaChangeKind kind; /* NONE: told by the words at SLOT_KIND; then no words, no change */
  const char *path[N_SLOTS][RCA_CHANGE_MAX_PATHS];
  const char *when[2]; /* a member and the value with which alone it is a change; or NULL */
  const char *unless[6]; /* a member, and how its value begins when nothing was changed; or NULL */
} RcaChangeShape;

/* All of them; the first whose @has is there holds. */
const RcaChangeShape *rca_change_shapes (guint *n);
