#!/usr/bin/env python3
"""What breaks between rca and ClickHouse is said in one sentence with the query's id and a remedy, never shown as an
answer, never waited for without end; what may be repeated is.

failures.py RCA CASE: a fake that breaks in one way each, then (where clickhouse-server is installed) a proxy before a real one."""

import concurrent.futures
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

wrong = []


def check(what, ok, seen=""):
    if not ok:
        wrong.append(f"{what}: {seen!r:.600}")


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    return head, body


def answer(status, body, length=None):
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


class Fake(socketserver.ThreadingTCPServer):
    """Answers each request by @behave(number, head, body, socket); FALSE closes the connection."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, behave):
        self.behave, self.asked, self.lock = behave, 0, threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self, more=""):
        return f"clickhouse://127.0.0.1:{self.server_address[1]}/default{more}"

    def handle_error(self, request, client_address):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while (request := read_request(self.request)) is not None:
            with self.server.lock:
                self.server.asked += 1
                n = self.server.asked
            if not self.server.behave(n, *request, self.request):
                return


def send(data, stay=True):
    def behave(n, head, body, sock):
        sock.sendall(data)
        return stay
    return behave


def drip(n, head, body, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(600):
        time.sleep(0.2)
        sock.sendall(b"x")
    return False


def hang(n, head, body, sock):
    time.sleep(0 if b"KILL" in body else 60)
    return False


EXCEPTION = b"Code: 241, e.displayText() = DB::Exception: Memory limit (for query) exceeded: would use 10 GiB, e.what() = DB::Exception\n"

# name, behaviour, more of the address, what is said, how often it is asked
BREAKS = [
    ("500", send(answer(500, EXCEPTION)), "", b"Memory limit (for query) exceeded: would use 10 GiB; a shorter window", 1),
    ("503 is tried again", send(answer(503, b"busy")), "", b"HTTP 503", 3),
    ("half an answer", send(answer(200, b"\x01\x03", 5000), False), "", b"broke off half-way", 3),
    ("wrong types", send(answer(200, b"\xff" * 64)), "", b"is no ClickHouse", 1),
    ("nothing", lambda *_: False, "", b"closed the connection", 3),
    ("no HTTP", send(b"SSH-2.0-OpenSSH_9.2p1\r\n", False), "", b"is no HTTP", 1),
    ("a login page", send(answer(200, b"<html>Sign in</html>")), "", b"is no ClickHouse", 1),
    ("hanging", hang, "?timeout=1", b"no whole answer in time", None),
    ("dripping", drip, "?timeout=1", b"no whole answer in time", None),
]


def one_break(rca, name, behave, more, said, times):
    with Fake(behave) as fake:
        p = subprocess.run([rca, "--store", fake.address(more), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        check(f"{name}: exit status", p.returncode == 1, p)
        check(f"{name}: no answer", p.stdout == b"", p.stdout)
        check(f"{name}: one sentence", p.stderr.count(b"\n") == 1 and said in p.stderr, p.stderr)
        check(f"{name}: query id", b"query rca-" in p.stderr or b"is no ClickHouse" in p.stderr, p.stderr)
        check(f"{name}: asked {fake.asked} times", times is None or fake.asked == times)


def breaks(rca):
    """All at once: most of their time is waiting."""
    with concurrent.futures.ThreadPoolExecutor(len(BREAKS)) as pool:
        for done in [pool.submit(one_break, rca, *b) for b in BREAKS]:
            done.result()


def no_tls(rca):
    with Fake(send(answer(200, b""))) as fake:
        address = fake.address("?timeout=1").replace("clickhouse://", "clickhouses://")
        p = subprocess.run([rca, "--store", address, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        check("TLS to a server without", p.returncode == 1 and b"TLS" in p.stderr, p.stderr)


def interrupted(rca):
    """Ctrl-C ends the query on the server, then the program as the signal does."""
    seen = []

    def behave(n, head, body, sock):
        seen.append(head + body)
        if b"KILL" in body:
            sock.sendall(answer(200, b""))
        else:
            time.sleep(60)
        return True

    with Fake(behave) as fake:
        p = subprocess.Popen([rca, "--store", fake.address(), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not seen:
            time.sleep(0.02)
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=60)
        check("Ctrl-C: ends by the signal", p.returncode == -signal.SIGINT, p.returncode)
        query = seen[0].split(b"query_id=")[1].split(b"&")[0]
        check("Ctrl-C: the query is killed on the server", len(seen) == 2 and b"KILL QUERY WHERE query_id = '" + query + b"'" in seen[1], seen)


class Proxy(Fake):
    """Passes requests on to @port; @breaks(number, head, body) says which answers are lost half-way."""

    def __init__(self, port, breaks_):
        def behave(n, head, body, sock):
            with socket.create_connection(("127.0.0.1", port)) as to:
                to.sendall(head.replace(b"keep-alive", b"close") + b"\r\nConnection: close\r\n\r\n" + body)
                data = b""
                while more := to.recv(1 << 20):
                    data += more
            lost = breaks_(n, head, body)
            sock.sendall(data[: 0 if b"INSERT" in head else len(data) // 2] if lost else data)
            return False

        super().__init__(behave)


def one_question_lost(rca, house, case):
    """A question that gets no answer makes the report degraded and says so; the others stand."""
    expected = subprocess.run([rca, case, "--json"], stdout=subprocess.PIPE).stdout
    with Proxy(house.http, lambda n, head, body: b"ANY LEFT JOIN" in body) as proxy:
        p = subprocess.run([rca, "--store", proxy.address(), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("joins lost: degraded", p.returncode == 0 and b'"degraded": true' in p.stdout and b"query rca-" in p.stdout, p)
    lost = []

    def once(n, head, body):
        lost.append(n)
        return len(lost) % 3 == 1

    with Proxy(house.http, once) as proxy:
        p = subprocess.run([rca, "--store", proxy.address(), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("every third answer lost: asked again, same report", p.stdout == expected, p.stdout[:300] + p.stderr)


def acknowledgement_lost(rca, house, case):
    """An INSERT whose acknowledgement is lost is sent again, and counts once."""
    house.ask("CREATE DATABASE lossy")
    state = {"n": 0}

    def loses(n, head, body):
        if b"INSERT" not in head or b"_sources" in head:
            return False
        state["n"] += 1
        return state["n"] % 2 == 1

    with Proxy(house.http, loses) as proxy:
        address = proxy.address().replace("/default", "/lossy")
        p = subprocess.run([rca, "ingest", "--store", address, case], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("acknowledgements lost: ingested", p.returncode == 0, p)
        check("acknowledgements lost: some were", state["n"] > 2, state)
    expected = subprocess.run([rca, case, "--json"], stdout=subprocess.PIPE).stdout
    p = subprocess.run([rca, "--store", house.address("lossy"), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("acknowledgements lost: nothing lost, nothing twice", p.stdout == expected, p)
    check("acknowledgements lost: the doubles are there and not seen",
          int(house.ask("SELECT count() FROM lossy.rca_rows")) > int(house.ask("SELECT count() FROM lossy.rca_rows WHERE block IN (SELECT arrayJoin(blocks) FROM lossy.rca_rows_sources)")))


def main():
    rca, case = sys.argv[1:3]
    breaks(rca)
    no_tls(rca)
    interrupted(rca)
    if server.BINARY:
        folder = tempfile.mkdtemp(prefix="rca-clickhouse-")
        try:
            with server.Server(folder) as house:
                subprocess.run([rca, "ingest", "--store", house.address(), case], check=True, stdout=subprocess.DEVNULL)
                one_question_lost(rca, house, case)
                acknowledgement_lost(rca, house, case)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        print("without a real server: clickhouse-server is not installed")
    for w in wrong[:20]:
        print("WRONG", w)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
