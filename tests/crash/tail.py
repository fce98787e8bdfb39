#!/usr/bin/env python3
"""What broke in log tailers over ten years, as their trackers tell, one test each.

    tail.py RCA STORE-ROWS [NAME…]

A test is a function whose name says what must hold; it gets a Place."""
import collections, gzip, json, os, resource, shutil, signal, subprocess, sys, tempfile, threading, time

RCA, ROWS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PATIENCE_S = 40  # how long a busy machine may take; nothing here measures speed


class Place:
    """A folder of logs, a store, and maybe a following ingest."""

    def __init__(self, folder):
        self.folder, self.logs, self.store = folder, os.path.join(folder, "logs"), os.path.join(folder, "store")
        os.mkdir(self.logs)
        self.log, self.rca, self.n, self.written = os.path.join(self.logs, "app.log"), None, 0, collections.Counter()

    def lines(self, n, text="box"):
        out = []
        for _ in range(n):
            self.n += 1
            out.append("2026-11-24T%02d:%02d:%02d.000Z ERROR cannot open %s %d\n" % (self.n // 3600 % 24, self.n // 60 % 60, self.n % 60, text, self.n))
            self.written[out[-1].rstrip("\n")] += 1
        return "".join(out)

    def write(self, n, path=None, text="box"):
        with open(path or self.log, "a") as f:
            f.write(self.lines(n, text))

    def start(self, *paths, wrap=(), **kw):
        self.rca = subprocess.Popen([*wrap, RCA, "ingest", "--store", self.store, "--follow", *(paths or [self.logs])], stdout=subprocess.DEVNULL,
                                    stderr=open(self.folder + "/stderr", "ab"), **kw)

    def stop(self, how=signal.SIGTERM):
        rca, self.rca = self.rca, None
        rca.send_signal(how)
        return rca.wait(PATIENCE_S)

    def ingest(self, *paths):
        subprocess.run([RCA, "ingest", "--store", self.store, *(paths or [self.logs])], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def rows(self):
        out = subprocess.run([ROWS, self.store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.told = out.stderr.decode()
        return collections.Counter(line.split(" ", 1)[1] for line in out.stdout.decode(errors="replace").splitlines())

    def said(self):
        return open(self.folder + "/stderr", errors="replace").read()

    def until(self, true):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if true():
                return True
            time.sleep(0.05)
        return False

    def settle(self):
        assert self.until(lambda: self.rows() == self.written), "lost %s, too many %s" % (dict(self.written - self.rows()), dict(self.rows() - self.written))

    def info(self):
        return json.loads(subprocess.run([RCA, "store", "info", "--store", self.store, "--json"], stdout=subprocess.PIPE, check=True).stdout)


def a_new_file_under_an_old_inode_is_read_from_its_beginning(p):
    p.write(20)
    p.start()
    p.settle()
    for n in (1, 50, 5):
        os.unlink(p.log)
        p.write(n)
        p.settle()


def a_file_of_a_few_bytes_is_read_at_once(p):
    p.start()
    p.write(1)
    p.settle()


def files_with_equal_heads_are_not_taken_for_one(p):
    head = "".join("2026-11-24T00:00:00.%03dZ INFO header %d\n" % (i, i) for i in range(200))
    for name in ("a.log", "b.log"):
        with open(os.path.join(p.logs, name), "w") as f:
            f.write(head)
        p.write(3, os.path.join(p.logs, name))
    p.start()
    # lines that two logs tell alike are shown once
    assert p.until(lambda: p.rows() - p.written == collections.Counter(head.splitlines()) and not p.written - p.rows()), p.rows()


def a_compressed_sibling_is_the_same_log(p):
    p.write(300)
    p.ingest()
    os.rename(p.log, p.log + ".1")
    p.write(10)
    p.ingest()
    with open(p.log + ".1", "rb") as f, gzip.open(p.log + ".2.gz", "wb") as g:
        shutil.copyfileobj(f, g)
    os.unlink(p.log + ".1")
    os.rename(p.log, p.log + ".1")
    p.write(10)
    p.ingest()
    p.settle()


def a_sibling_that_is_being_compressed_is_not_read_twice(p):
    p.write(3000)
    p.start()
    p.settle()
    os.rename(p.log, p.log + ".1")
    p.write(10)
    with gzip.open(p.log + ".1.gz", "wb") as g:
        data = open(p.log + ".1", "rb").read()
        for at in range(0, len(data), len(data) // 8 + 1):
            g.write(data[at:at + len(data) // 8 + 1])
            g.flush()
            time.sleep(0.15)
    os.unlink(p.log + ".1")
    p.write(5)
    p.settle()


def rotations_while_nobody_looks_lose_nothing(p):
    p.write(30)
    p.start(p.log)
    p.settle()
    p.stop(signal.SIGKILL)
    for _ in range(5):
        for n in range(8, 0, -1):
            if os.path.exists("%s.%d" % (p.log, n)):
                os.rename("%s.%d" % (p.log, n), "%s.%d" % (p.log, n + 1))
        os.rename(p.log, p.log + ".1")
        p.write(7, p.log + ".1")
        p.write(7)
    p.start(p.log)
    p.settle()


def copytruncate_while_down_loses_nothing_whatever_the_new_size(p):
    for n in (1, 30, 200):
        p.write(50)
        p.start()
        p.settle()
        p.stop()
        for k in range(8, 0, -1):
            if os.path.exists("%s.%d" % (p.log, k)):
                os.rename("%s.%d" % (p.log, k), "%s.%d" % (p.log, k + 1))
        shutil.copyfile(p.log, p.log + ".1")
        os.truncate(p.log, 0)
        p.write(n)
    p.start()
    p.settle()


def the_line_behind_a_hole_of_zeros_is_whole(p):
    p.write(100)
    p.start()
    p.settle()
    size = os.path.getsize(p.log)
    with open(p.log, "r+b") as f:
        f.truncate(0)
        f.seek(size + (1 << 28))
        f.write(p.lines(2).encode())
    p.settle()


def rotation_under_load_loses_nothing(p):
    p.write(1)
    p.start(p.log)
    p.settle() # it follows by now: of a single file, what was rotated away before is nobody's promise
    for k in range(20):
        with open(p.log, "a") as f:
            for _ in range(10):
                f.write(p.lines(100))
                f.flush()
        os.rename(p.log, "%s-202611%02d" % (p.log, k + 1))
    p.write(1)
    p.settle()


def half_a_line_waits_until_it_is_whole(p):
    p.start()
    line = p.lines(1)
    with open(p.log, "a") as f:
        f.write(line[:-10])
        f.flush()
        p.write(1, os.path.join(p.logs, "other.log"))
        p.until(lambda: sum(p.rows().values()))
        assert line[:-10] not in p.rows()
        f.write(line[-10:])
    p.settle()


def a_stack_trace_written_in_two_is_one_record(p):
    p.start()
    head, tail = "2026-11-24T00:00:01.000Z ERROR boom\njava.lang.IllegalStateException: boom\n\tat a.B.c(B.java:1)\n", "\tat a.B.d(B.java:2)\n\tat a.B.e(B.java:3)\n"
    with open(p.log, "a") as f:
        f.write("2026-11-24T00:00:00.000Z INFO begin\n" + head)
        f.flush()
        assert p.until(lambda: sum(p.rows().values()) == 2)
        f.write(tail)
        f.flush()
        assert p.until(lambda: any("B.java:3" in row for row in p.rows())), p.rows()
    assert sum(p.rows().values()) == 2, p.rows()


def a_torn_manifest_is_put_aside_and_nothing_is_lost(p):
    p.write(50)
    p.ingest()
    p.write(50)
    p.ingest()
    os.truncate(p.store + "/manifest", os.path.getsize(p.store + "/manifest") // 2)
    p.write(5)
    p.start()
    p.settle()
    assert os.listdir(p.store + "/detached")


def without_inotify_files_are_polled(p):
    if not shutil.which("strace"):
        return
    p.start(wrap=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=inotify_init1", "-e", "inject=inotify_init1:error=EMFILE"])
    p.write(10)
    p.settle()
    os.rename(p.log, p.log + ".1")
    p.write(10)
    p.settle()
    subprocess.run(["kill", open(p.store + "/lock").read()])
    p.rca.wait(PATIENCE_S)
    p.rca = None


def a_giant_line_is_cut_and_the_next_one_read(p):
    p.start()
    with open(p.log, "w") as f:
        f.write("2026-11-24T00:00:00.000Z ERROR ")
        for _ in range(64):
            f.write("x" * (1 << 20))
        f.write("\n")
    p.write(1)
    assert p.until(lambda: sum(p.rows().values()) == 2), sum(p.rows().values())
    peak_kib = int([line for line in open("/proc/%d/status" % p.rca.pid) if line.startswith("VmHWM")][0].split()[1])
    assert peak_kib < 256 * 1024, peak_kib


def what_cannot_be_read_is_named_and_the_rest_is_read(p):
    os.symlink("loop.log", os.path.join(p.logs, "loop.log"))
    p.write(5)
    p.start(p.log, os.path.join(p.logs, "loop.log"))
    p.settle()
    assert "loop.log" in p.said(), p.said()
    p.write(5)
    p.settle()


def links_to_one_file_are_one_log(p):
    os.mkdir(p.folder + "/farm")
    for name in ("a.log", "b.log"):
        os.symlink(p.log, p.folder + "/farm/" + name)
    os.symlink("/nonexistent", p.folder + "/farm/dangling.log")
    p.write(5)
    p.start(p.folder + "/farm")
    p.settle()
    p.write(5)
    p.settle()


def a_full_disk_is_waited_for(p):
    p.write(10)
    p.start()
    p.settle()
    resource.prlimit(p.rca.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    for _ in range(500):
        p.write(1, text=os.urandom(30).hex())
    assert p.until(lambda: "tried again" in p.said()), p.said()
    p.write(10)
    before = p.rows()
    assert sum(before.values()) == 10 and not p.told
    resource.prlimit(p.rca.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    p.settle()
    assert p.until(lambda: "can be written again" in p.said()), p.said()


def more_files_than_descriptors_are_all_read(p):
    for i in range(150):
        p.write(2, os.path.join(p.logs, "service%03d.log" % i), "box%03d" % i)
    p.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    p.settle()
    for i in range(0, 150, 10):
        p.write(1, os.path.join(p.logs, "service%03d.log" % i), "box%03d" % i)
    p.settle()


def files_that_come_later_are_read(p):
    p.start(p.logs, os.path.join(p.folder, "later", "*.log"))
    p.write(1)
    p.settle()
    os.mkdir(p.folder + "/later")
    os.mkdir(p.logs + "/sub")
    p.write(3, p.folder + "/later/x.log", "x")
    p.write(3, p.logs + "/sub/y.log", "y")
    p.settle()


def told_to_stop_it_commits_and_exits_0(p):
    p.write(10)
    p.start()
    p.settle()
    p.write(500)
    assert p.stop() == 0
    assert p.rows() == p.written


def one_writer_at_a_time(p):
    p.write(10)
    p.start()
    p.settle()
    second = subprocess.run([RCA, "ingest", "--store", p.store, p.logs], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert second.returncode == 1 and str(p.rca.pid).encode() in second.stderr, second
    p.stop(signal.SIGKILL)
    p.ingest()  # the lock of a dead process holds nobody up


def readers_are_never_disturbed(p):
    p.start()
    p.write(1)
    p.settle()
    done = threading.Event()

    def write():
        while not done.is_set():
            p.write(40)
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    for _ in range(25):
        rows = p.rows()
        assert not p.told, p.told
        assert sum(rows.values()) >= seen and max(rows.values()) == 1
        seen = sum(rows.values())
    done.set()
    writer.join()
    p.settle()


def info_tells_how_far_behind_each_source_is(p):
    p.write(10)
    p.start()
    p.settle()
    assert p.until(lambda: p.info()["sources"][0]["lag_bytes"] == 0)
    assert p.info()["writer"] == p.rca.pid
    p.rca.send_signal(signal.SIGSTOP)
    before = os.path.getsize(p.log)
    p.write(10)
    assert p.info()["sources"][0]["lag_bytes"] == os.path.getsize(p.log) - before
    p.rca.send_signal(signal.SIGCONT)
    assert p.until(lambda: p.info()["sources"][0]["lag_bytes"] == 0)


def a_copy_of_what_was_read_is_not_said_to_be_unread(p):
    p.write(50)
    p.start()
    p.settle()
    shutil.copyfile(p.log, p.log + ".1")
    os.truncate(p.log, 0)
    p.write(20)
    p.settle()
    assert p.until(lambda: [s["lag_bytes"] for s in p.info()["sources"]] == [0]), p.info()


def what_was_pruned_is_not_read_again(p):
    p.write(20000)
    p.ingest()
    out = subprocess.run([RCA, "store", "prune", "--store", p.store, "--max-size", "1"], stdout=subprocess.PIPE, check=True).stdout
    kept = p.rows()
    assert 0 < sum(kept.values()) < 20000, out
    p.written = kept
    p.write(10)
    p.ingest()
    p.settle()


def main():
    tests = [t for name, t in list(globals().items()) if callable(t) and getattr(t, "__module__", "") == "__main__" and name[0].islower() and name != "main"]
    wrong = 0
    for test in tests:
        if sys.argv[3:] and test.__name__ not in sys.argv[3:]:
            continue
        folder = tempfile.mkdtemp(prefix="rca-tail-")
        place = Place(folder)
        try:
            test(place)
            print("ok - " + test.__name__.replace("_", " "), flush=True)
        except AssertionError as e:
            wrong += 1
            print("not ok - %s: %s\n  %s" % (test.__name__.replace("_", " "), str(e)[:600], place.said()[:600] if os.path.exists(folder + "/stderr") else ""), flush=True)
        finally:
            if place.rca:
                place.rca.kill()
                place.rca.wait()
            shutil.rmtree(folder)
    print("%d tests, %d wrong" % (len(tests), wrong))
    return 1 if wrong else 0


sys.exit(main())
