#!/usr/bin/env python3
"""Fuzz every family of decoders for a bounded time, with clang's libFuzzer, AddressSanitizer and UBSan.

    run.py SOURCE_ROOT [SECONDS [FAMILY…]]

Builds in a folder of its own. Seeds are the decoders' samples. Any crash, hang (10 s for one input), leak
or report ends with the input that caused it, kept in the folder printed. Skipped (77) without clang."""
import glob, os, shutil, subprocess, sys, tempfile

FAMILIES = ["web", "app", "db", "change", "monitor", "wrapper", "words"]
SNIFFED = b"\xff"  # last byte of an input: formats are sniffed, see decoders.c

root, seconds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20
families = sys.argv[3:] or FAMILIES
clang = shutil.which("clang") or shutil.which("clang-14")
if not clang or not glob.glob("/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a"):
    print("skipped: clang with libFuzzer is not there")
    sys.exit(77)
home = os.environ.get("RCA_FUZZ_DIR") or tempfile.mkdtemp(prefix="rca-fuzz-")
build = os.path.join(home, "build")
env = dict(os.environ, CC=clang, RCA_FUZZ_FAMILY="", ASAN_OPTIONS="allocator_may_return_null=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
if not os.path.isdir(build):
    subprocess.run(["meson", "setup", build, root, "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "--buildtype=debugoptimized"], check=True, env=env, stdout=subprocess.DEVNULL)
subprocess.run(["ninja", "-C", build, "tests/fuzz/fuzz-decoders"], check=True, env=env, stdout=subprocess.DEVNULL)
wrong = []
for number, family in enumerate(families, 1):
    corpus = os.path.join(home, "corpus-" + family)
    os.makedirs(corpus, exist_ok=True)
    for sample in glob.glob(root + "/tests/decoders/*.log"):
        with open(sample, "rb") as s, open(os.path.join(corpus, os.path.basename(sample)), "wb") as seed:
            seed.write(s.read(1 << 14) + SNIFFED)
    run = subprocess.run([os.path.join(build, "tests/fuzz/fuzz-decoders"), "-max_total_time=%d" % seconds, "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-len_control=0",
                          "-print_final_stats=1", "-artifact_prefix=%s/%s-" % (home, family), corpus],
                         env=dict(env, RCA_FUZZ_FAMILY=family), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
    ran = next((l.split()[-1] for l in run.stdout.splitlines() if l.startswith("stat::number_of_executed_units")), "?")
    print("%sok %d - fuzz/%s: %s inputs in %d s" % ("" if run.returncode == 0 else "not ", number, family, ran, seconds), flush=True)
    if run.returncode:
        wrong.append(family)
        print("\n".join("# " + l for l in run.stdout.splitlines()[-60:]))
print("1..%d" % len(families))
if wrong:
    print("# inputs are kept in %s" % home)
elif "RCA_FUZZ_DIR" not in os.environ:
    shutil.rmtree(home)
sys.exit(1 if wrong else 0)
