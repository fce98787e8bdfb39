"""The servers of the lab: PostgreSQL or MariaDB, two instances of the application, nginx, Varnish, a payment
stub and a database path that can stall; all on loopback and free ports, in one folder, ended by pid."""
import glob, http.server, json, os, pwd, shutil, signal, socket, ssl, subprocess, threading, time, urllib.request

import memory

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("nothing listens on port %d" % port)


class Stub(http.server.BaseHTTPRequestHandler):
    """The payment provider. Class attributes of the server set what goes wrong."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def do_GET(self):
        time.sleep(self.server.delay)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        try:
            self.wfile.write(b"ok")
        except OSError:
            pass  # the caller gave up


class Path:
    """TCP from the application to the database; `stall` seconds are added to each piece, `cut` refuses."""

    def __init__(self, target):
        self.target, self.stall, self.cut = target, 0, False
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(128)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                a, _ = self.sock.accept()
            except OSError:
                return
            if self.cut:
                a.close()
                continue
            try:
                b = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                a.close()
                continue
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self.pump, args=(x, y, x is a), daemon=True).start()

    def pump(self, x, y, up):
        try:
            while True:
                data = x.recv(65536)
                if not data:
                    break
                if up and self.stall:
                    time.sleep(self.stall)
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


NGINX_FORMATS = {
    "timed": """'$client [$time_iso8601] $host "$request_method $request_uri $server_protocol" $status $bytes_sent $request_time "$upstream_addr" $upstream_connect_time $upstream_header_time $upstream_response_time $request_id "$http_user_agent"'""",
    "named": """'time=$msec client=$client method=$request_method uri="$request_uri" status=$status size=$body_bytes_sent duration=$request_time upstream=$upstream_addr upstream_status=$upstream_status upstream_time=$upstream_response_time req=$request_id agent="$http_user_agent"'""",
    "nested": """escape=json '{"@timestamp":"$time_iso8601","client":{"ip":"$client"},"http":{"request":{"method":"$request_method","id":"$request_id"},"response":{"status_code":$status,"body":{"bytes":$body_bytes_sent}}},"url":{"original":"$request_uri"},"nginx":{"request_time":$request_time,"upstream":"$upstream_addr","upstream_time":"$upstream_response_time","upstream_status":"$upstream_status"}}'""",
    "kv": """'$client - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" urt="$upstream_response_time" ua="$upstream_addr" rid=$request_id'""",
    "combined": """'$client - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'""",
    "positional": """'$client - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_addr $upstream_status $request_id'""",
    "json": """escape=json '{"time":"$time_iso8601","msec":$msec,"remote_addr":"$client","method":"$request_method","uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"request_time":$request_time,"upstream_addr":"$upstream_addr","upstream_status":"$upstream_status","upstream_connect_time":"$upstream_connect_time","upstream_response_time":"$upstream_response_time","request_id":"$request_id"}'""",
}


class Stack:
    def __init__(self, root, spec):
        self.root, self.spec, self.children = root, spec, []
        self.logs = os.path.join(root, "logs")
        for d in ("nginx", "app", "db", "deploys", "host", "cdn"):
            os.makedirs(os.path.join(self.logs, d), exist_ok=True)
        os.chmod(root, 0o755)
        self.version, self.instance_pids = spec["version"], {}
        self.limit, self.mounts = "", []

    def spawn(self, args, user=None, **kw):
        if user:
            args = ["runuser", "-u", user, "--"] + args
        p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=kw.pop("stderr", subprocess.DEVNULL), stdin=subprocess.DEVNULL, start_new_session=True, **kw)
        self.children.append(p)
        return p

    def end(self, p, sig=signal.SIGTERM):
        try:
            os.killpg(p.pid, sig)
            p.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass

    # ---- database
    def start_postgres(self):
        self.pg_dir, self.db_port = os.path.join(self.root, "pg"), free_port()
        self.pg_bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        os.makedirs(self.pg_dir)
        log_dir = os.path.join(self.logs, "db")
        for d in (self.pg_dir, log_dir):
            shutil.chown(d, "postgres", "postgres")
        subprocess.run(["runuser", "-u", "postgres", "--", self.pg_bin + "/initdb", "-D", self.pg_dir, "-A", "trust", "-U", "postgres", "--no-sync"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        form = self.spec["db_log"]
        dest = {"stderr": "stderr", "csv": "csvlog", "json": "jsonlog"}[form]
        conf = {"port": self.db_port, "listen_addresses": "'127.0.0.1'", "unix_socket_directories": "'%s'" % self.pg_dir, "fsync": "off", "max_connections": self.spec.get("max_connections", 60), "log_destination": "'%s'" % dest,
                "logging_collector": "on", "log_directory": "'%s'" % log_dir, "log_filename": "'postgresql.log'", "log_file_mode": "0644", "log_min_duration_statement": self.spec.get("log_min_ms", 200), "log_lock_waits": "on",
                "deadlock_timeout": "'500ms'", "log_line_prefix": "'%s'" % self.spec.get("prefix", "%m [%p] %q%u@%d "), "log_timezone": "'UTC'", "shared_buffers": "'64MB'", "jit": "off", "log_temp_files": "100000", "max_parallel_workers_per_gather": "0"}
        with open(self.pg_dir + "/postgresql.conf", "a") as f:
            f.writelines("%s = %s\n" % kv for kv in conf.items())
        self.run_postgres()
        self.psql("CREATE ROLE app LOGIN", "postgres", "postgres")
        self.psql("CREATE DATABASE app OWNER app", "postgres", "postgres")
        self.fill()

    def run_postgres(self):
        self.pg = self.spawn([self.pg_bin + "/postgres", "-D", self.pg_dir], user="postgres")
        wait_port(self.db_port)
        for _ in range(50):
            if subprocess.run(["runuser", "-u", "postgres", "--", self.pg_bin + "/pg_isready", "-h", "127.0.0.1", "-p", str(self.db_port)], stdout=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.1)

    def psql(self, text, user="app", db="app", wait=True):
        args = [self.pg_bin + "/psql", "-h", "127.0.0.1", "-p", str(self.db_port), "-U", user, "-d", db, "-c", text, "-q"]
        if wait:
            return subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.spawn(args)

    def fill(self):
        n = self.spec["names"]
        for text in ("CREATE TABLE {items} (id int PRIMARY KEY, name text, cat int, price numeric, discount numeric, stock int, descr text)",
                     "INSERT INTO {items} SELECT i, (ARRAY['lamp','desk','blue','oak','steel'])[1+i%5]||' '||i, i%60, (i*37%9000)/100.0, CASE WHEN i%4=0 THEN 0.9 END, i%50, repeat(md5(i::text)||' ', 6) FROM generate_series(1, 2000) i",
                     "CREATE INDEX ON {items}(cat); CREATE INDEX ON {items}(name)",
                     "CREATE TABLE {orders} (id serial PRIMARY KEY, customer_id int, item_id int, qty int, status text, created timestamptz, note text)",
                     "INSERT INTO {orders}(customer_id, item_id, qty, status, created, note) SELECT i%500, i*13%2000+1, i%4+1, CASE WHEN i%9=0 THEN 'open' ELSE 'paid' END, now()-i*interval '15 sec', 'user-'||(i%500)||' '||md5(i::text) FROM generate_series(1, {rows}) i",
                     "CREATE INDEX ON {orders}(customer_id); ANALYZE"):
            self.psql(text.format(rows=self.spec.get("rows", 200000), **n))

    def start_mariadb(self):
        self.my_dir, self.db_port = os.path.join(self.root, "my"), free_port()
        os.makedirs(self.my_dir)
        log_dir = os.path.join(self.logs, "db")
        for d in (self.my_dir, log_dir):
            shutil.chown(d, "mysql", "mysql")
        subprocess.run(["mariadb-install-db", "--user=mysql", "--datadir=" + self.my_dir, "--auth-root-authentication-method=normal", "--skip-test-db"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.my = self.spawn(["mariadbd", "--no-defaults", "--user=mysql", "--datadir=" + self.my_dir, "--port=%d" % self.db_port, "--bind-address=127.0.0.1", "--socket=%s/s.sock" % self.my_dir, "--pid-file=%s/pid" % self.my_dir,
                              "--slow-query-log=1", "--slow-query-log-file=%s/mysql-slow.log" % log_dir, "--long-query-time=0.2", "--log-error=%s/error.log" % log_dir, "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
                              "--log-slow-verbosity=query_plan", "--max-connections=%d" % self.spec.get("max_connections", 60), "--innodb-lock-wait-timeout=2"])
        wait_port(self.db_port)
        self.mysql("CREATE DATABASE app; CREATE USER 'app'@'%' IDENTIFIED BY 'app'; CREATE USER 'app'@'localhost' IDENTIFIED BY 'app'; GRANT ALL ON app.* TO 'app'@'%'; GRANT ALL ON app.* TO 'app'@'localhost'", "")
        n = self.spec["names"]
        for text in ("CREATE TABLE {items} (id int PRIMARY KEY, name varchar(80), cat int, price decimal(8,2), discount decimal(4,2), stock int, descr text, KEY(cat), KEY(name))",
                     "INSERT INTO {items} SELECT seq, concat(elt(1+seq%5,'lamp','desk','blue','oak','steel'),' ',seq), seq%60, (seq*37%9000)/100, if(seq%4=0,0.9,null), seq%50, repeat(md5(seq),6) FROM seq_1_to_2000",
                     "CREATE TABLE {orders} (id int AUTO_INCREMENT PRIMARY KEY, customer_id int, item_id int, qty int, status varchar(10), created datetime, note varchar(120), KEY(customer_id))",
                     "INSERT INTO {orders}(customer_id, item_id, qty, status, created, note) SELECT seq%500, seq*13%2000+1, seq%4+1, if(seq%9=0,'open','paid'), now() - interval seq*15 second, concat('user-',seq%500,' ',md5(seq)) FROM seq_1_to_{rows}"):
            self.mysql(text.format(rows=self.spec.get("rows", 200000), **n))

    def mysql(self, text, db="app", wait=True):
        args = ["mariadb", "--no-defaults", "-S", self.my_dir + "/s.sock", "-u", "root"] + (["-D", db] if db else []) + ["-e", text]
        if wait:
            return subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.spawn(args)

    def db(self, text, wait=True):
        text = text.format(**self.spec["names"])
        return self.psql(text, wait=wait) if self.spec["db"] == "postgres" else self.mysql(text, wait=wait)

    # ---- application
    def start_apps(self):
        self.app_ports = [free_port(), free_port()]
        self.path = Path(self.db_port)
        self.memory = memory.Memory() if self.spec.get("memory") else None
        self.stub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        self.stub.daemon_threads, self.stub.delay, self.stub.status = True, 0.02, 200
        threading.Thread(target=self.stub.serve_forever, daemon=True).start()
        for i in (1, 2):
            self.start_instance(i, self.version)

    def start_instance(self, i, version, faults=None):
        s = self.spec
        log = os.path.join(self.logs, "app", "%s-%d.log" % (s["service"], i))
        conf = {"ports": self.app_ports, "service": s["service"], "log": log, "format": s["app_log"], "names": s["names"], "routes": s["routes"], "payment": "http://%s:%d/charge" % (s.get("payment_host", "127.0.0.1"), self.stub.server_port),
                "payment_timeout_s": s.get("payment_timeout_s", 1.0), "db": {"kind": s["db"], "host": "127.0.0.1", "port": self.path.port, "statement_timeout_ms": s.get("statement_timeout_ms", 3000)},
                "pool": {"size": s.get("pool", 5), "timeout_s": s.get("pool_timeout_s", 0.8)}, "faults": faults or {}, "cacheable": s.get("cacheable", 0),
                "skew_s": s.get("skew_s", 0), "history": s.get("history", False), "cache_port": self.memory.port if self.memory else 0}
        path = os.path.join(self.root, "app-%d.json" % i)
        json.dump(conf, open(path, "w"))
        self.instance_pids[i] = self.spawn([PYTHON, os.path.join(HERE, "app.py"), path, str(i), version])
        wait_port(self.app_ports[i - 1])

    def deploy(self, version, faults=None, instances=(1, 2)):
        """Rolling: an instance at a time, as real ones are."""
        for i in instances:
            self.end(self.instance_pids[i], signal.SIGKILL)
            self.start_instance(i, version, faults)

    def fault(self, instances=(1, 2), **kw):
        for i in instances:
            req = urllib.request.Request("http://127.0.0.1:%d/__ctl" % self.app_ports[i - 1], json.dumps(kw).encode(), {"Content-Type": "application/json"})
            urllib.request.urlopen(req, timeout=5).read()

    # ---- web
    def write_nginx(self):
        s = self.spec
        conf = """worker_processes 1; pid %(root)s/nginx.pid; error_log %(logs)s/nginx/error.log error; daemon off;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path %(root)s/t1; proxy_temp_path %(root)s/t2; fastcgi_temp_path %(root)s/t3; uwsgi_temp_path %(root)s/t4; scgi_temp_path %(root)s/t5;
 map $http_x_forwarded_for $client { "~^([^,]+)" $1; default $remote_addr; }
 log_format lab %(format)s;
 %(zone)s
 upstream app { server 127.0.0.1:%(a)d max_fails=0; server 127.0.0.1:%(b)d max_fails=0; keepalive 16; }
 server { listen 127.0.0.1:%(port)d; server_name shop.example.test; access_log %(logs)s/nginx/access.log lab;
  location / { %(limit)s proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-Id $request_id; proxy_set_header Host $host;
   proxy_connect_timeout 2s; proxy_read_timeout %(read)ss; proxy_next_upstream error timeout; } } }
""" % {"root": self.root, "logs": self.logs, "format": NGINX_FORMATS[s["nginx"]], "a": self.app_ports[0], "b": self.app_ports[1], "port": self.web_port, "read": s.get("read_timeout", 5),
       "zone": "limit_req_zone $server_name zone=all:1m rate=5r/s;" if self.limit else "", "limit": self.limit}
        open(os.path.join(self.root, "nginx.conf"), "w").write(conf)

    def start_nginx(self):
        self.web_port = free_port()
        self.write_nginx()
        self.nginx = self.spawn(["nginx", "-c", os.path.join(self.root, "nginx.conf"), "-e", self.logs + "/nginx/error.log"])
        wait_port(self.web_port)

    def reload_nginx(self):
        self.write_nginx()
        os.kill(int(open(self.root + "/nginx.pid").read()), signal.SIGHUP)

    def vcl(self, port, ttl):
        return 'vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "%d"; }\nsub vcl_recv { unset req.http.Cookie; }\nsub vcl_backend_response { if (beresp.status == 200 && bereq.method == "GET") { set beresp.ttl = %ds; } }\nsub vcl_deliver { if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; } }\n' % (port, ttl)

    def start_varnish(self):
        self.edge_port, self.vcl_n = free_port(), 0
        work = os.path.join(self.root, "varnish")
        os.makedirs(work)
        open(self.root + "/edge0.vcl", "w").write(self.vcl(self.web_port, self.spec.get("edge_ttl", 20)))
        self.varnish_dir = work
        self.spawn(["varnishd", "-F", "-n", work, "-a", "127.0.0.1:%d" % self.edge_port, "-f", self.root + "/edge0.vcl", "-s", "malloc,64m"])
        wait_port(self.edge_port)
        time.sleep(0.5)
        self.spawn(["varnishncsa", "-n", work, "-w", self.logs + "/cdn/edge.log", "-F", '%{X-Forwarded-For}i - - %t "%r" %s %b "%{Referer}i" "%{User-agent}i" %{Varnish:hitmiss}x %{Varnish:time_firstbyte}x'])

    def varnish(self, *words):
        subprocess.run(["varnishadm", "-n", self.varnish_dir] + list(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def edge_to(self, port):
        self.vcl_n += 1
        path = self.root + "/edge%d.vcl" % self.vcl_n
        open(path, "w").write(self.vcl(port, self.spec.get("edge_ttl", 20)))
        self.varnish("vcl.load", "v%d" % self.vcl_n, path)
        self.varnish("vcl.use", "v%d" % self.vcl_n)

    # ---- all
    def start(self):
        (self.start_postgres if self.spec["db"] == "postgres" else self.start_mariadb)()
        if self.spec.get("prepare"):
            self.spec["prepare"](self)
        self.start_apps()
        self.start_nginx()
        if self.spec.get("edge"):
            self.start_varnish()
        return self.edge_port if self.spec.get("edge") else self.web_port

    def stop(self):
        for p in reversed(self.children):
            if p.poll() is None:
                self.end(p, signal.SIGTERM)
            if p.poll() is None:
                self.end(p, signal.SIGKILL)
        for place in self.mounts:
            subprocess.run(["umount", "-l", place])
        for s in (getattr(self, "stub", None),):
            if s:
                s.shutdown()
