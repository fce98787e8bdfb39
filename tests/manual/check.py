#!/usr/bin/env python3
"""The manual, the completions and the configuration's example say what --help says, no more, no less.

    check.py RCA BUILD/cli/manual SOURCE/cli/manual"""
import os, re, shutil, subprocess, sys, tempfile

rca, built, source = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
env = dict(os.environ, RCA_CONFIG="/dev/null", LC_ALL="C.UTF-8")
wrong = []


def expect(what, ok, detail=""):
    print("%s - %s" % ("ok" if ok else "not ok", what))
    if not ok:
        wrong.append(what)
        print("  " + str(detail)[:800])


def output(*args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env, **more), encoding="utf-8")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


commands = re.findall(r"^  ([a-z]+)  +\S", output(rca, "--help").stdout.split("Commands", 1)[1], re.M)
helps = {c: output(rca, c, "--help").stdout for c in commands}
for c in commands:  # of a command with tasks, theirs as well
    for task in re.findall(r"^  ([a-z]+)  +\S", helps[c].partition("\nTasks")[2], re.M):
        helps["%s %s" % (c, task)] = output(rca, c, task, "--help").stdout
own = {c: set(re.findall(r"^  (?:-\w, )?--([\w-]+)", h.partition("Options:\n")[2], re.M)) for c, h in helps.items()}
options = {c: set().union(*(own[h] for h in helps if h.split()[0] == c)) for c in commands}
expect("--help lists commands, and each has its own help", len(commands) >= 9 and all(helps.values()), commands)


def manual():
    page = os.path.join(built, "rca.1")
    if not os.path.exists(page):
        print("ok - the manual # SKIP scdoc is not installed")
        return
    text = read(page).replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for c in helps:
        section = re.search(r'\.SS "?rca %s"?\n(.*?)(?=\n\.S[SH])' % c, text, re.S)
        expect("the manual has rca %s" % c, section, text[:200])
        said = set(re.findall(r"^(?:-\w, )?--([\w-]+)", section.group(1), re.M)) if section else set()
        expect("with the options of its --help", said | {"help"} == own[c] | {"help"}, said ^ own[c])
    keys = re.findall(r"^#? ?([a-z-]+)(?::| =)", output(rca, "config", "show").stdout, re.M)
    conf = read(os.path.join(built, "rca.conf.5")).replace("\\-", "-")
    example = read(os.path.join(source, "rca.conf.example"))
    for k in keys:
        expect("rca.conf(5) and the example have %s" % k, "\\fB%s\\fR" % k in conf and re.search(r"^#%s = " % k, example, re.M), k)


def example():
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as f:
        f.write(re.sub(r"^#(?=[a-z\[])", "", read(os.path.join(source, "rca.conf.example")), flags=re.M))
    p = output(rca, "config", "check", RCA_CONFIG=f.name)
    os.unlink(f.name)
    expect("the configuration's example is right, every line of it", p.returncode == 0 and not p.stderr, p)


BASH = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _rca; printf "%s\\n" "${COMPREPLY[@]}"'


def bash(*words):
    return set(output("bash", "-c", BASH, "bash", os.path.join(built, "rca.bash"), *words).stdout.split())


def completions():
    expect("bash completes the commands", set(commands) <= bash("rca", ""))
    for c in commands:
        offered = {w.rstrip("=")[2:] for w in bash("rca", c, "--")}
        expect("bash completes the options of rca %s" % c, offered == options[c] | {"help"}, offered ^ options[c])
    expect("bash completes what an option takes", bash("rca", "batch", "--color", "") == {"auto", "always", "never"})
    expect("without a command bash completes those of analyze", {w.rstrip("=")[2:] for w in bash("rca", "--")} == options["analyze"] | {"help"})
    zsh = read(os.path.join(built, "_rca"))
    for c in commands:
        section = re.search(r"^    %s\) _arguments(.*?);;" % c, zsh, re.S | re.M)
        said = set(re.findall(r"'\*--([\w-]+)", section.group(1))) if section else None
        expect("zsh has the options of rca %s" % c, said is not None and said | {"help"} == options[c] | {"help"}, said)
    if shutil.which("zsh"):
        expect("zsh reads its file", output("zsh", "-n", os.path.join(built, "_rca")).returncode == 0)
    fish = read(os.path.join(built, "rca.fish"))
    for c in commands:
        said = set(re.findall(r"^complete -c rca -n '__fish_seen_subcommand_from %s[;'].*? -l ([\w-]+)" % c, fish, re.M))
        expect("fish has the options of rca %s" % c, said | {"help"} == options[c] | {"help"}, said ^ options[c])
    if shutil.which("fish"):
        p = output("fish", "--no-config", "-c", "source %s; complete -C 'rca batch --'" % os.path.join(built, "rca.fish"), HOME="/nonexistent")
        offered = {line.split("\t")[0][2:] for line in p.stdout.splitlines()}
        expect("fish completes them", offered | {"help"} == options["batch"] | {"help"}, (offered, p.stderr))


manual()
example()
completions()
print("%d wrong" % len(wrong))
sys.exit(1 if wrong else 0)
