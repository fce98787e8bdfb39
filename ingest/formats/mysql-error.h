/* What a message of MySQL's error log says, whether written as text or as JSON. */
#pragma once
#include "../event.h"

/* Sets DB_EVENT, FAILURE and the names in @text; severity is set before. */
void rca_mysql_error_read (RcaBytes text, RcaEvent *ev);
