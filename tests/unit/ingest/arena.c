#include "arena.h"

static void
test_pieces_are_aligned_and_apart (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  char *a = rca_arena_alloc (arena, 3), *b = rca_arena_alloc (arena, 5);
  g_assert_cmpuint (GPOINTER_TO_SIZE (a) % 8, ==, 0);
  g_assert_cmpuint (GPOINTER_TO_SIZE (b) % 8, ==, 0);
  g_assert_true (b >= a + 3 || a >= b + 5);
}

static void
test_a_reset_arena_keeps_its_largest_block (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  rca_arena_alloc (arena, 10);
  char *large = rca_arena_alloc (arena, 5 * 1024 * 1024);
  rca_arena_alloc (arena, 1024 * 1024);
  rca_arena_reset (arena);
  g_assert_true (rca_arena_alloc (arena, 4 * 1024 * 1024) == (gpointer)large);
}

static void
test_copies_hold_the_bytes (void)
{
  g_autoptr (RcaArena) arena = rca_arena_new ();
  char word[] = "a\0b";
  RcaBytes copy = rca_arena_copy (arena, rca_bytes (word, 3));
  word[0] = 'x';
  g_assert_true (rca_bytes_equal (copy, rca_bytes ("a\0b", 3)));
  RcaBytes empty = { NULL, 0 };
  g_assert_true (rca_arena_copy (arena, empty).n == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arena/pieces-are-aligned-and-apart", test_pieces_are_aligned_and_apart);
  g_test_add_func ("/arena/a-reset-arena-keeps-its-largest-block", test_a_reset_arena_keeps_its_largest_block);
  g_test_add_func ("/arena/copies-hold-the-bytes", test_copies_hold_the_bytes);
  return g_test_run ();
}
