/* Requests: served ones and calls to others, out of a record's slots. */
#pragma once
#include "app-record.h"

/* Fills the HTTP fields and DURATION of a record that tells of a request served, or
 * UPSTREAM, PEER_SERVICE and their status and time when it tells of a call made. */
void rca_app_record_request (RcaAppRecord *record);
