#!/usr/bin/env python3
"""Fuzz every family of decoders with clang's libFuzzer, AddressSanitizer, LeakSanitizer and UBSan.

    run.py SOURCE_ROOT [FAMILY…]                        the same inputs every time: what passed here passes there
    run.py SOURCE_ROOT SECONDS [--empty] [FAMILY…]      other inputs every time, so long a family; --empty: from no seeds

Builds in a folder of its own (RCA_FUZZ_DIR keeps it and the corpora). Seeds are the decoders' samples. Any
crash, hang, leak or report ends with its cause and the input, which is kept. Skipped (77) without clang.

The same inputs every time: a fixed seed and number of runs, no hints from compared values (addresses stand among
them), a file of one age. A machine that does not get to the end in time has passed what it tried."""
import base64, glob, os, re, shutil, subprocess, sys, tempfile

RUNS = {"web": 6000, "app": 6000, "db": 6000, "change": 6000, "monitor": 6000, "wrapper": 6000, "words": 16000}  # some 20 s each of one processor
LONGEST = 180  # seconds for them
SNIFFED = b"\xff"  # last byte of an input: formats are sniffed, see decoders.c
MOST_BYTES = 1 << 14
OWN_FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (\S+) (?:.*/)?((?:ingest|tests/fuzz)/\S+\.[ch]:\d+\S*)")
CAUSE = re.compile(r"runtime error:|ERROR: (?:Address|Leak|libFuzzer)|^SUMMARY:|^(?:Direct|Indirect) leak|CRITICAL|WARNING \*\*|assertion|^\*\*\s*ERROR|\bERROR \*\*")


def options(seconds):
    fixed = ["-seed=1", "-use_cmp=0", "-reload=0", "-shuffle=0", "-timeout=60", "-max_total_time=%d" % LONGEST]
    return fixed if seconds is None else ["-max_total_time=%d" % seconds, "-timeout=10"]


def cause(output):
    """The lines that say what went wrong, and where in the project."""
    lines = output.splitlines()
    told = [l.strip() for l in lines if CAUSE.search(l) and not l.startswith("INFO")][:6]
    frames = []
    for l in lines:
        m = OWN_FRAME.match(l)
        if m and "LLVMFuzzerTestOneInput" not in l:
            frames.append("  %s  %s" % m.groups())
        if len(frames) == 10:
            break
    return told + frames if told or frames else lines[-15:]


def say_input(home, family, output):
    m = re.search(r"Test unit written to (\S+)", output)
    if not m or not os.path.exists(m.group(1)):
        return
    with open(m.group(1), "rb") as f:
        data = f.read()
    print("# input (base64, %d bytes): %s" % (len(data), base64.b64encode(data[:3000]).decode()))
    print("# again: RCA_FUZZ_FAMILY=%s %s/build/tests/fuzz/fuzz-decoders %s" % (family if family != "words" else '""', home, m.group(1)))


def compile_target(root, home, clang):
    build = os.path.join(home, "build")
    env = dict(os.environ, CC=clang)
    if not os.path.isdir(build):
        subprocess.run(["meson", "setup", build, root, "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "--buildtype=debugoptimized"], check=True, env=env, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "tests/fuzz/fuzz-decoders"], check=True, env=env, stdout=subprocess.DEVNULL)
    return os.path.join(build, "tests/fuzz/fuzz-decoders")


def seeds(root, folder):
    """The decoders' samples in @folder; a list of them in an order that does not depend on the file system."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for sample in sorted(glob.glob(root + "/tests/decoders/*.log")):
        paths.append(os.path.join(folder, os.path.basename(sample)))
        with open(sample, "rb") as s, open(paths[-1], "wb") as seed:
            seed.write(s.read(MOST_BYTES - 1) + SNIFFED)
    return paths


def fuzz(target, root, home, family, seconds, empty):
    corpus = os.path.join(home, "corpus-" + family)
    command = [target, "-rss_limit_mb=2048", "-max_len=%d" % MOST_BYTES, "-len_control=0", "-entropic=0", "-print_final_stats=1", "-artifact_prefix=%s/%s-" % (home, family)]
    command += options(seconds)
    if seconds is None:
        listed = corpus + ".list"
        paths = seeds(root, corpus + "-seeds")
        with open(listed, "w") as f:
            f.write(",".join(paths))
        command += ["-runs=%d" % (RUNS[family] + len(paths)), "-seed_inputs=@" + listed]
    else:
        os.makedirs(corpus, exist_ok=True)
        command.append(corpus)
        if not empty:
            seeds(root, corpus)
    env = dict(os.environ, RCA_FUZZ_FAMILY=family, G_DEBUG="fatal-criticals", ASAN_OPTIONS="allocator_may_return_null=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1", TZ="UTC")
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")


def main():
    words = [w for w in sys.argv[1:] if w != "--empty"]
    seconds = int(words.pop(1)) if len(words) > 1 and words[1].isdigit() else None
    root, families = os.path.abspath(words[0]), words[1:] or list(RUNS)
    clang = shutil.which("clang") or shutil.which("clang-14")
    if not clang or not glob.glob("/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a"):
        print("skipped: clang with libFuzzer is not there")
        sys.exit(77)
    home = os.environ.get("RCA_FUZZ_DIR") or tempfile.mkdtemp(prefix="rca-fuzz-")
    target = compile_target(root, home, clang)
    wrong = []
    for number, family in enumerate(families, 1):
        run = fuzz(target, root, home, family, seconds, "--empty" in sys.argv)
        last = re.findall(r"^#\d+\s+\S+\s+cov: (\d+) ft: (\d+) corp: (\d+)", run.stdout, re.M)
        ran = re.search(r"stat::number_of_executed_units: (\d+)", run.stdout)
        took = re.search(r"Done \d+ runs in (\d+) second", run.stdout)
        print("%sok %d - fuzz/%s: %s inputs%s, %s" % ("" if run.returncode == 0 else "not ", number, family, ran.group(1) if ran else "?",
              " in %s s" % took.group(1) if took else "", "%s edges, %s features, %s kept" % last[-1] if last else "nothing covered"), flush=True)
        if run.returncode:
            wrong.append(family)
            print("\n".join("# " + l for l in ["exit status %d" % run.returncode] + cause(run.stdout)))
            say_input(home, family, run.stdout)
    print("1..%d" % len(families))
    if wrong:
        print("# inputs are kept in %s" % home)
    elif "RCA_FUZZ_DIR" not in os.environ:
        shutil.rmtree(home)
    sys.exit(1 if wrong else 0)


main()
