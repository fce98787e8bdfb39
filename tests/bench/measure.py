"""Runs a program and says what it cost: wall and processor seconds, peak memory, output."""
import os
import subprocess
import time


class Cost:
    def __init__(self, wall_s, cpu_s, peak_mb, out, err, status):
        self.wall_s, self.cpu_s, self.peak_mb, self.out, self.err, self.status = wall_s, cpu_s, peak_mb, out, err, status

    def numbers(self):
        return {"wall_s": round(self.wall_s, 4), "cpu_s": round(self.cpu_s, 4), "peak_mb": round(self.peak_mb, 1)}


def be_nice():
    os.setpriority(os.PRIO_PROCESS, 0, 10)


def run_once(argv, stdin=None):
    """@argv: words, or a line for the shell (whose children's time is counted, not their memory)."""
    started = time.monotonic()
    # rca is nice to a host that may be burning: its peers have to be as well, or a busy machine favours them
    child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, shell=isinstance(argv, str), preexec_fn=be_nice)
    # both streams are small in what is measured here, but a pipe that is full would block it
    out, err = drain(child)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out, err, child.returncode)


def drain(child):
    import selectors
    parts = {child.stdout: [], child.stderr: []}
    with selectors.DefaultSelector() as ready:
        for stream in parts:
            ready.register(stream, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                data = os.read(key.fileobj.fileno(), 1 << 20)
                if data:
                    parts[key.fileobj].append(data)
                else:
                    ready.unregister(key.fileobj)
    for stream in parts:
        stream.close()
    return b"".join(parts[child.stdout]), b"".join(parts[child.stderr])


def best(argv, times, before=None, by=lambda cost: cost.cpu_s):
    """The best of @times runs, @by less; @before undoes what one left behind."""
    costs = []
    for _ in range(times):
        if before:
            before()
        costs.append(run_once(argv))
    return min(costs, key=by)
