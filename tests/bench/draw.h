/* What the makers of logs for measuring share: dice, and the words they are drawn with.
 *
 * Distributions are those that decide how well logs compress: clients and things follow
 * Zipf's law, durations are log-normal, ids are random. The same seed gives the same bytes. */
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EPOCH_S 1767571200.0 /* 2026-01-05T00:00:00Z */

typedef struct {
  uint64_t state;
} Dice;

static inline uint64_t
mix (uint64_t z)
{
  z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t
roll (Dice *d)
{
  return mix (d->state += UINT64_C (0x9e3779b97f4a7c15));
}

static inline double
chance (Dice *d)
{
  return (double)(roll (d) >> 11) * 0x1p-53;
}

static inline unsigned
below (Dice *d, unsigned n)
{
  return (unsigned)(((roll (d) >> 32) * n) >> 32);
}

static inline double
lognormal (Dice *d, double median, double sigma)
{
  double u = chance (d) + 1e-12, v = chance (d);
  return median * exp (sigma * sqrt (-2 * log (u)) * cos (2 * M_PI * v));
}

/* Rank 0 is the most frequent: the continuous distribution's inverse. */
static inline unsigned
zipf (Dice *d, unsigned n, double s)
{
  double a = 1 - s, x = pow (chance (d) * (pow (n + 1.0, a) - 1) + 1, 1 / a);
  unsigned k = (unsigned)x - 1;
  return k < n ? k : n - 1;
}

static const char *const words[] = { "red", "shoes", "lamp", "wireless", "keyboard", "usb", "cable", "mug", "winter", "jacket", "desk", "chair", "kids", "bike", "garden", "oak" };
enum { N_WORDS = sizeof words / sizeof *words };

static const char *const messages[] = {
  "cart %I loaded for user %I in %M ms", "order %U accepted (%I items, total %F)", "product %I served from replica in %M ms", "session %U opened from %A",
  "price rule %W applied to sku %I",     "inventory hold %I placed, qty %I",       "published batch of %I events to topic %W", "recommendations for user %I: %I candidates",
  "payment intent %U amount %F",         "search '%W %W' page %I: %I hits",        "flag %W evaluated for tenant %I",         "webhook %U delivered after %I attempts",
  "image %I resized to %Ix%I",           "coupon %W rejected for order %U",        "mail %W queued for user %I",             "audit record %U written",
  "token of %A expires in %I s",         "rate bucket %A has %I left",             "job %W #%I done in %M ms",               "cache miss for key %W:%I",
};
enum { N_MESSAGES = sizeof messages / sizeof *messages };

static const char *const statements[] = {
  "SELECT id, name, price FROM products WHERE id = %I",
  "SELECT * FROM cart_items WHERE cart_id = %I ORDER BY added_at",
  "UPDATE inventory SET qty = qty - %I WHERE sku = %I",
  "INSERT INTO events (kind, user_id, payload) VALUES ('%W', %I, '{\"v\": %I}')",
  "SELECT u.id, u.email, p.avatar FROM users u JOIN profiles p ON p.user_id = u.id WHERE u.id = %I",
  "SELECT count(*) FROM reviews WHERE product_id = %I AND rating >= %I",
  "SELECT sku, qty FROM inventory WHERE sku IN (%I, %I, %I, %I)",
  "SELECT id, total FROM orders WHERE user_id = %I ORDER BY created_at DESC LIMIT 20",
  "UPDATE users SET last_seen = now() WHERE id = %I",
  "INSERT INTO audit (actor, action, at) VALUES (%I, '%W', now())",
};
enum { N_STATEMENTS = sizeof statements / sizeof *statements };
static inline uint32_t
address_of (unsigned client)
{
  return (uint32_t)mix (client + 1000003) | 0x01000000;
}

static inline int
put_address (char *out, unsigned client)
{
  uint32_t a = address_of (client);
  return sprintf (out, "%u.%u.%u.%u", a >> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255);
}

/* The text with %I a number, %M milliseconds, %F an amount, %W a word, %A an address, %U a UUID,
 * %X an id of 32 hex digits. */
static inline void
expand (const char *text, Dice *d, char *out)
{
  for (; *text; text++)
  {
    if (*text != '%')
    {
      *out++ = *text;
      continue;
    }
    uint64_t a = roll (d), b = roll (d);
    switch (*++text)
    {
    case 'I': out += sprintf (out, "%u", 1 + zipf (d, 1000000, 1.1)); break;
    case 'M': out += sprintf (out, "%.1f", lognormal (d, 14, 0.8)); break;
    case 'F': out += sprintf (out, "%.2f", lognormal (d, 40, 0.9)); break;
    case 'W': out += sprintf (out, "%s", words[zipf (d, N_WORDS, 1.05)]); break;
    case 'A': out += put_address (out, zipf (d, 180000, 1.05)); break;
    case 'U':
      out += sprintf (out, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)a, (unsigned)(a >> 32) & 0xffff, (unsigned)(a >> 48) & 0xfff, (unsigned)b & 0xfff, (unsigned long long)(b >> 16));
      break;
    case 'X': out += sprintf (out, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b); break;
    default: *out++ = *text;
    }
  }
  *out = 0;
}

/* Time @t as @format (strftime), with @digits of the second's fraction and @tail. */
static inline const char *
stamp (char *out, double t, const char *format, int digits, const char *tail)
{
  double at = EPOCH_S + t;
  time_t s = (time_t)at;
  struct tm tm;
  gmtime_r (&s, &tm);
  size_t n = strftime (out, 48, format, &tm);
  if (digits)
    n += (size_t)sprintf (out + n, ".%0*u", digits, (unsigned)((at - (double)s) * pow (10, digits)));
  strcpy (out + n, tail);
  return out;
}

static inline const char *
agent_of (unsigned client, char *out)
{
  static const char *const plain[] = { "curl/8.5.0", "okhttp/4.12.0", "Go-http-client/2.0", "ShopApp/5.14.2 (iOS 17.2; iPhone14,5)", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" };
  static const char *const systems[] = { "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 14; Pixel 8" };
  uint64_t h = mix (client * 5 + 3);
  if (h % 9 == 0)
    return plain[(h >> 8) % 5];
  sprintf (out, "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.0.0 Safari/537.36", systems[(h >> 8) % 4], 120 + (unsigned)((h >> 16) % 12));
  return out;
}
