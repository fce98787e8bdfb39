/* The message of a record in prose, in its different dresses. */
#pragma once
#include "app-record.h"

/* Puts @message (behind the prefix, all lines) into @record: a JSON object in full, else
 * text with what rca_text_fields() finds in it. Two loggers put names on the first line
 * and the text on the second: java.util.logging ("Class method\nSEVERE: text") and .NET's
 * console ("Category[0]\n      text"). */
void rca_text_message (RcaAppRecord *record, RcaBytes message);
