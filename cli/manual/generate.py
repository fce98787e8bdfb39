#!/usr/bin/env python3
"""Writes the manual's source and the shells' completions from what rca says of itself, so that
they cannot say anything else.

    generate.py RCA KIND [TEMPLATE] > FILE      KIND: man, conf, bash, zsh, fish"""
import os, re, subprocess, sys

# What a value is: for completion. By option, else by the name of its value.
VALUES = {"color": ["auto", "always", "never"], "format": ["markdown", "html", "json", "jsonl"], "template": ["postmortem", "google-sre", "pagerduty", "atlassian", "etsy"], "store": "dir", "state": "dir", "out": "dir", "nginx-conf": "file"}


def ask(rca, *args):
    env = dict(os.environ, LC_ALL="C.UTF-8", RCA_CONFIG="/dev/null", XDG_CONFIG_HOME="/nonexistent")
    return subprocess.run([rca, *args], stdout=subprocess.PIPE, check=True, env=env, encoding="utf-8").stdout


def commands(rca):
    """[(name, summary)] as rca --help lists them."""
    text = ask(rca, "--help").split("Commands", 1)[1]
    return re.findall(r"^  ([a-z]+) +(\S.*)$", text.split("\n\n", 1)[0], re.M)


def describe(rca, *words):
    """Operands, examples, about, options [(short, long, value, text)] and tasks of a command."""
    text = ask(rca, *words, "--help")
    usage = re.search(r"^Usage:\n  rca(?: %s)? ?(?:\[OPTION…\] ?)?(.*)$" % " ".join(words), text, re.M)
    examples, _, rest = text.partition("Examples:\n")[2].partition("\n\n")
    about = re.split(r"(?:^|\n\n)(?:Help Options|Tasks|Options)", rest)[0]
    rows = re.findall(r"^  (?:-(\w), )?--([\w-]+)(?:=(\S+))? +(\S.*)$", text.partition("Options:\n")[2], re.M)
    tasks = re.findall(r"^  ([a-z]+)  +\S", text.partition("\nTasks")[2], re.M)
    return usage.group(1) if usage else "", examples, " ".join(about.split()), [r for r in rows if r[1] != "help"], tasks


def every_option(rca, name):
    """Those of a command and of its tasks."""
    rows, tasks = describe(rca, name)[3:]
    for task in tasks:
        rows += [r for r in describe(rca, name, task)[3] if r not in rows]
    return rows


# ---- manual ----

def plain(text):
    """scdoc reads _ * ` \\ as markup, and lines that begin with - as lists."""
    return re.sub(r"([\\_*`~\[\]])", r"\\\1", text).replace("\t", " ")


def section(rca, level, summary, *words):
    usage, examples, about, options, tasks = describe(rca, *words)
    name = " ".join(words)
    out = ["%s rca %s\n\n*rca %s* %s%s\n\n%s\n" % (level, name, name, "" if tasks else "\\[OPTION...\\] ", plain(usage.replace("…", "...")), plain(about or summary[0].upper() + summary[1:] + "."))]
    for short, long, value, text in options:
        out.append("%s*--%s*%s\n\t%s\n" % ("*-%s*, " % short if short else "", long, "=" + plain(value) if value else "", plain(text)))
    if examples:
        out.append("Examples:\n\n```\n%s\n```\n" % "\n".join("    " + line.strip().replace("…", "...") for line in examples.splitlines()))
    return out + [part for task in tasks for part in section(rca, level, task, *words, task)]


def manual(rca, template):
    out = [part for name, summary in commands(rca) for part in section(rca, "##", summary, name)]
    with open(template, encoding="utf-8") as f:
        return f.read().replace("@COMMANDS@", "\n".join(out))


def keys(rca):
    """[(key, about)] of the configuration."""
    return re.findall(r"^# ([a-z-]+): (.*)$", ask(rca, "config", "show"), re.M)


def conf(rca, template):
    rows = "\n".join("*%s*\n\t%s\n" % (key, plain(about[0].upper() + about[1:] + ".")) for key, about in keys(rca))
    with open(template, encoding="utf-8") as f:
        return f.read().replace("@KEYS@", rows)


# ---- completions ----

def all_options(rca):
    return {name: every_option(rca, name) for name, _ in commands(rca)}


def operands(rca):
    """Words that a command takes: {"config": ["check", "show"], "store": [tasks]}."""
    words = {name: describe(rca, name)[4] for name, _ in commands(rca)}
    words["config"] = ["check", "show"]
    return {name: w for name, w in words.items() if w}


def words(options):
    out = []
    for short, long, value, _ in options:
        out += ["-" + short] if short else []
        out.append("--" + long + ("=" if value else ""))
    return " ".join(out + ["--help"])


def bash(rca, _):
    table = all_options(rca)
    cases = "\n".join("    %s) options='%s' ;;" % (name, words(options)) for name, options in table.items())
    lists = "\n".join("    --%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;" % (k, " ".join(v)) for k, v in VALUES.items() if isinstance(v, list))
    own = "\n".join("    2%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;" % (k, " ".join(v)) for k, v in operands(rca).items())
    dirs = "|".join("--" + k for k, v in VALUES.items() if v == "dir")
    return """# bash completion for rca: written by generate.py from rca --help
_rca() {
  local cur prev command options
  COMPREPLY=()
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD-1]}
  [ "$cur" = = ] && cur=
  [ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}
  command=analyze
  case "${COMP_WORDS[1]}" in
    %s) [ "$COMP_CWORD" -gt 1 ] && command=${COMP_WORDS[1]} ;;
  esac
  case "$prev" in
%s
    %s) COMPREPLY=($(compgen -d -- "$cur")); return ;;
  esac
  case "$command" in
%s
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$cur"))
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
        return ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && COMPREPLY=($(compgen -W '%s' -- "$cur"))
  case "$COMP_CWORD$command" in
%s
  esac
  COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -F _rca rca
""" % ("|".join(table), lists, dirs, cases, " ".join(table), own)


def quoted(text):
    return text.replace("'", "'\\''")


def zsh_action(long, value):
    kind = VALUES.get(long, "file")
    if isinstance(kind, list):
        return ":%s:(%s)" % (value, " ".join(kind))
    return ":%s:%s" % (value.replace(":", "\\:"), "_files -/" if kind == "dir" else "_files" if long == "nginx-conf" else "")


def zsh(rca, _):
    own = operands(rca)
    out = ["#compdef rca", "# zsh completion for rca: written by generate.py from rca --help", "", "_rca() {", "  local -a commands; local command=analyze", "  commands=("]
    out += ["    '%s:%s'" % (name, quoted(summary.replace(":", "\\:"))) for name, summary in commands(rca)]
    out += ["  )", "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then", "    _describe -t commands command commands", "    _files", "    return", "  fi",
            "  if (( ${commands[(I)$words[2]:*]} )); then", "    command=$words[2]; shift words; (( CURRENT-- ))", "  fi", "  case $command in"]
    for name, options in all_options(rca).items():
        out.append("    %s) _arguments \\" % name)
        for short, long, value, text in options:
            text = quoted(re.sub(r"([\[\]:])", r"\\\1", text))
            act = quoted(zsh_action(long, value)) if value else ""
            out.append("      '*--%s%s[%s]%s' \\" % (long, "=" if value else "", text, act))
            if short:
                out.append("      '*-%s[%s]%s' \\" % (short, text, act))
        out.append("      '*::operand:%s' ;;" % ("(%s)" % " ".join(own[name]) if name in own else "_files"))
    return "\n".join(out + ["  esac", "}", "", "_rca \"$@\"", ""])


def fish(rca, _):
    table = all_options(rca)
    names = " ".join(table)
    out = ["# fish completion for rca: written by generate.py from rca --help"]
    for name, summary in commands(rca):
        out.append("complete -c rca -n __fish_use_subcommand -a %s -d '%s'" % (name, summary.replace("'", "\\'")))
    for name, options in table.items():
        where = "__fish_seen_subcommand_from %s" % name
        if name == "analyze":
            where = "__fish_seen_subcommand_from analyze; or not __fish_seen_subcommand_from %s" % names
        for short, long, value, text in options:
            kind = VALUES.get(long)
            more = " -x -a '%s'" % " ".join(kind) if isinstance(kind, list) else " -x -a '(__fish_complete_directories)'" if kind == "dir" else " -r" if value else ""
            out.append("complete -c rca -n '%s' -l %s%s%s -d '%s'" % (where, long, " -s " + short if short else "", more, text.replace("'", "\\'")))
    for name, own in operands(rca).items():
        out.append("complete -c rca -n '__fish_seen_subcommand_from %s' -f -a '%s'" % (name, " ".join(own)))
    return "\n".join(out) + "\n"


sys.stdout.reconfigure(encoding="utf-8")
rca, kind = os.path.abspath(sys.argv[1]), sys.argv[2]
sys.stdout.write({"man": manual, "conf": conf, "bash": bash, "zsh": zsh, "fish": fish}[kind](rca, sys.argv[3] if len(sys.argv) > 3 else None))
