"""A ClickHouse of one's own: Debian's clickhouse-server on free loopback ports, in a folder that goes with it."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

BINARY = shutil.which("clickhouse-server", path=os.environ.get("PATH", "") + ":/usr/sbin")

CONFIG = """<yandex><logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><format_schema_path>{folder}/formats/</format_schema_path>
<users_config>{folder}/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>104857600</mark_cache_size><timezone>UTC</timezone>{more}</yandex>"""

USERS = """<yandex><profiles><default><max_threads>2</max_threads></default><viewer><readonly>1</readonly></viewer></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
<viewer><password>only looking</password><networks><ip>127.0.0.1</ip></networks><profile>viewer</profile><quota>default</quota></viewer>
</users><quotas><default></default></quotas></yandex>"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, folder, more="", tcp=None):
        self.folder, self.http, self.tcp, self.more, self.process = folder, free_port(), tcp or free_port(), more, None
        for name in ("data", "tmp", "formats"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        with open(os.path.join(folder, "users.xml"), "w") as f:
            f.write(USERS)
        with open(os.path.join(folder, "config.xml"), "w") as f:
            f.write(CONFIG.format(folder=folder, http=self.http, tcp=self.tcp, more=more))

    def start(self):
        out = open(os.path.join(self.folder, "out"), "ab")
        self.process = subprocess.Popen([BINARY, f"--config-file={self.folder}/config.xml"], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.ask("SELECT 1")
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError("clickhouse-server ended: " + open(os.path.join(self.folder, "out"), errors="replace").read()[-500:])
                time.sleep(0.1)
        self.stop()
        raise RuntimeError("clickhouse-server did not answer within a minute")

    def ask(self, sql):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.http}/", data=sql.encode(), timeout=60).read().decode()

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def address(self, database="default", user=""):
        return f"clickhouse://{user}127.0.0.1:{self.http}/{database}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
