#!/usr/bin/env python3
"""Put what RCA says today of the bundled incident into README.md: readme.py RCA"""
import os, re, subprocess, sys

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
command = "rca tests/cases/web-stack-outage/logs"
env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", COLUMNS="100", NO_COLOR="1", XDG_STATE_HOME="/nonexistent")
out = subprocess.run([os.path.abspath(sys.argv[1])] + command.split()[1:], cwd=root, env=env, stdout=subprocess.PIPE, check=True).stdout.decode()
path = os.path.join(root, "README.md")
text = open(path, encoding="utf-8").read()
block = "```\n$ %s\n%s```" % (command, out)
open(path, "w", encoding="utf-8").write(re.sub(r"```\n\$ rca .*?```", lambda m: block, text, count=1, flags=re.S))
