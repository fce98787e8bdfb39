/* What the name of a program says of its lines, and what system programs say of changes. */
#pragma once
#include "event.h"

/* The stream of a program's lines: "haproxy" access, "postgres" db, "kernel", "sshd" monitor; APP when unknown. */
RcaStream rca_program_stream (RcaBytes program);

/* Reads @text of @program where its few fixed sentences matter: systemd's "Started X" and
 * "Reloaded X" (a RESTART), cron's "CMD (…)" (a JOB), Heroku's "Deploy 1a2b3c by" (a DEPLOY).
 * Sets change fields and stream of @ev; TRUE when it did. */
gboolean rca_program_read (RcaBytes program, RcaBytes text, RcaEvent *ev);
