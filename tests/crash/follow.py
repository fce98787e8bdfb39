#!/usr/bin/env python3
"""Random schedules of writing, rotating, truncating, compressing, killing and restarting under a
following ingest: records out = records written.

    follow.py RCA STORE-ROWS N [FIRST-SEED]

Prints each schedule that went wrong with its seed and what was done; exit 1 when there is one."""
import collections, concurrent.futures, gzip, os, random, shutil, signal, subprocess, sys, tempfile, time

RCA, ROWS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
AT_ONCE = 4      # they mostly wait
PATIENCE_S = 20  # how long a machine that is busy may take; nothing here measures speed


class Schedule:
    """One log, its writer and a following ingest, and what was done to them."""

    def __init__(self, seed, folder):
        self.random = random.Random(seed)
        self.folder, self.store = folder, os.path.join(folder, "store")
        self.logs = os.path.join(folder, "logs")
        os.makedirs(self.logs)
        self.log = os.path.join(self.logs, "app.log")
        self.written, self.sequence, self.half = collections.Counter(), 0, ""
        self.rca, self.did, self.epoch = None, [], 0
        self.mode = self.random.choice(["folder", "file", "pattern", "link"])
        self.style = self.random.choice(["numbers", "dates", "copytruncate"])
        self.path = {"folder": self.logs, "file": self.log, "pattern": os.path.join(self.logs, "*.log*"), "link": os.path.join(folder, "farm", "app.log")}[self.mode]
        if self.mode == "link":
            os.mkdir(os.path.join(folder, "farm"))
            os.symlink(self.log, self.path)

    # ---- the writer: one descriptor, as a program has it that is told of a rotation later

    def line(self):
        self.sequence += 1
        return "2026-11-24T%02d:%02d:%02d.000Z ERROR cannot open box %d of %s\n" % (
            self.sequence // 3600 % 24, self.sequence // 60 % 60, self.sequence % 60, self.sequence, "x" * self.random.choice([3, 10, 200]))

    def put(self, text):
        with open(self.log, "a") as f:
            f.write(text)

    def write(self, n=None):
        lines = [self.line() for _ in range(n or self.random.choice([1, 1, 3, 20, 400]))]
        self.put(self.half + "".join(lines))
        self.half = ""
        for line in lines:
            self.written[line.rstrip("\n")] += 1

    def write_half(self):
        """The first part of a line; the second comes with the next write, if the file lives that long."""
        line = self.line()
        cut = self.random.randrange(1, len(line) - 1)
        self.put(self.half + line[:cut])
        self.half = line[cut:]
        self.written[line.rstrip("\n")] += 1

    def end_half(self):
        if self.half:
            self.put(self.half)
            self.half = ""

    # ---- rotation

    def rotated(self):
        return [n for n in os.listdir(self.logs) if n.startswith("app.log") and n != "app.log"]

    def shift(self):
        for name in sorted(self.rotated(), key=lambda n: -int(n.split(".")[2])):
            parts = name.split(".")
            parts[2] = str(int(parts[2]) + 1)
            os.rename(os.path.join(self.logs, name), os.path.join(self.logs, ".".join(parts)))

    def rotate(self):
        self.end_half()
        if not os.path.exists(self.log):
            return
        self.epoch += 1
        if self.style == "dates":
            target = "%s-202611%02d" % (self.log, self.epoch % 28 + 1)
            if os.path.exists(target) or os.path.exists(target + ".gz"):
                return
        else:
            self.shift()
            target = self.log + ".1"
        if self.style == "copytruncate":
            shutil.copyfile(self.log, target)
            os.truncate(self.log, 0)
            return
        os.rename(self.log, target)
        if self.random.random() < 0.3:  # the writer does not know yet
            with open(target, "a") as f:
                late = self.line()
                f.write(late)
                self.written[late.rstrip("\n")] += 1
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.1)
        if self.random.random() < 0.8:
            open(self.log, "a").close()

    def rotate_often(self):
        for _ in range(self.random.randrange(2, 5)):
            self.rotate()
            self.write(self.random.choice([1, 5]))

    def compress(self):
        plain = [n for n in self.rotated() if not n.endswith(".gz")]
        if self.style != "dates" and len(plain) > 1:  # delaycompress
            plain.remove(min(plain, key=lambda n: int(n.split(".")[2])))
        if not plain:
            return
        path = os.path.join(self.logs, self.random.choice(plain))
        with open(path, "rb") as f, gzip.open(path + ".gz", "wb") as g:
            shutil.copyfileobj(f, g)
        shutil.copystat(path, path + ".gz")
        os.unlink(path)

    def truncate_with_hole(self):
        """A writer that does not append goes on at its old place: zeros come first. What was there is lost
        to whoever did not read it, so it is read first."""
        self.end_half()
        if not self.rca or not os.path.exists(self.log) or not self.wait_for_all():
            return
        size = os.path.getsize(self.log)
        os.truncate(self.log, 0)
        line = self.line()
        with open(self.log, "r+b") as f:
            f.seek(size)
            f.write(line.encode())
        self.written[line.rstrip("\n")] += 1

    def recreate(self):
        """Deleted when it was read, and made anew: ext4 gives the same inode."""
        self.end_half()
        if self.rca and os.path.exists(self.log) and self.wait_for_all():
            os.unlink(self.log)
            self.write(self.random.choice([1, 50]))

    # ---- the reader

    def start(self):
        if not self.rca:
            self.settled = False
            self.rca = subprocess.Popen([RCA, "ingest", "--store", self.store, "--follow", self.path], stdout=subprocess.DEVNULL,
                                        stderr=open(os.path.join(self.folder, "stderr"), "ab"))

    def end(self, how):
        if self.rca:
            self.rca.send_signal(how)
            early = () if self.settled else (-signal.SIGTERM,)  # it had not even begun
            if self.rca.wait(PATIENCE_S) not in (0, -signal.SIGKILL, *early):
                self.did.append("EXIT %d" % self.rca.returncode)
                self.written["an exit status of 0"] += 1
            self.rca = None

    def freeze(self):
        """Several things happen between two looks."""
        if not self.rca:
            return
        self.rca.send_signal(signal.SIGSTOP)
        for _ in range(self.random.randrange(1, 4)):
            self.random.choice([self.rotate_often, self.write, self.compress])()
        self.rca.send_signal(signal.SIGCONT)

    def rows(self):
        out = subprocess.run([ROWS, self.store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return collections.Counter(line.split(" ", 1)[1] for line in out.stdout.decode(errors="replace").splitlines())

    def holds_lock(self):
        try:
            with open(os.path.join(self.store, "lock")) as f:
                return self.rca is not None and f.read() == str(self.rca.pid)
        except OSError:
            return False

    def wait_for_all(self):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.rows() == self.written:
                self.settled = self.holds_lock()
                return True
            time.sleep(0.05)
        return False

    def step(self):
        name = self.random.choices(["write", "write_half", "rotate", "rotate_often", "compress", "kill", "stop", "start", "freeze", "truncate_with_hole", "recreate", "rest"],
                                   [20, 6, 12, 4, 6, 8, 3, 12, 5, 3, 3, 12])[0]
        self.did.append(name)
        if name == "kill":
            self.end(signal.SIGKILL)
        elif name == "stop":
            self.end(signal.SIGTERM)
        elif name == "rest":
            time.sleep(self.random.random() * 0.3)
        else:
            getattr(self, name)()

    def run(self):
        self.write(self.random.choice([1, 30]))
        self.start()
        if self.mode in ("file", "link") and not self.wait_for_all():  # of a log named alone, only what was seen once is followed
            return "nothing was read at all"
        for _ in range(self.random.randrange(4, 14)):
            self.step()
        self.end_half()
        self.start()
        all_there = self.wait_for_all()
        self.end(signal.SIGTERM)
        if all_there and self.rows() == self.written:
            return None
        got = self.rows()
        lost, twice = self.written - got, got - self.written
        return "%s, %s: %d lost, %d too many (%s; %s) after %s" % (self.mode, self.style, sum(lost.values()), sum(twice.values()), list(lost)[:3], list(twice)[:3], " ".join(self.did))


def run_one(seed):
    folder = tempfile.mkdtemp(prefix="rca-follow-")
    schedule = Schedule(seed, folder)
    try:
        problem = schedule.run()
    finally:
        if schedule.rca:
            schedule.rca.kill()
            schedule.rca.wait()
    if problem:
        print("WRONG seed %d: %s" % (seed, problem), flush=True)
    if not problem or not os.environ.get("RCA_KEEP"):
        shutil.rmtree(folder)
    return sum(schedule.written.values()), problem is not None


def main():
    n, first = int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(run_one, range(first, first + n)))
    wrong = sum(d[1] for d in done)
    print("%d schedules, %d records, %d wrong" % (n, sum(d[0] for d in done), wrong))
    return 1 if wrong else 0


sys.exit(main())
