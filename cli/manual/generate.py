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


def describe(rca, name):
    """Operands, examples, about and options [(short, long, value, text)] of a command."""
    text = ask(rca, name, "--help")
    usage = re.search(r"^  rca(?: %s)? \[OPTION…\] ?(.*)$" % name, text, re.M).group(1)
    examples, _, rest = text.split("Examples:\n", 1)[1].partition("\n\n")
    about = "" if rest.startswith("Help Options") else rest.split("\n\nHelp Options", 1)[0]
    rows = re.findall(r"^  (?:-(\w), )?--([\w-]+)(?:=(\S+))? +(\S.*)$", text.split("Options:\n", 1)[1], re.M)
    return usage, examples, " ".join(about.split()), [r for r in rows if r[1] != "help"]


# ---- manual ----

def plain(text):
    """scdoc reads _ * ` \\ as markup, and lines that begin with - as lists."""
    return re.sub(r"([\\_*`~\[\]])", r"\\\1", text).replace("\t", " ")


def manual(rca, template):
    out = []
    for name, summary in commands(rca):
        usage, examples, about, options = describe(rca, name)
        operands = plain(usage.replace("…", "..."))
        out.append("## rca %s\n\n*rca %s* \\[OPTION...\\] %s\n\n%s\n" % (name, name, operands, plain(about or summary[0].upper() + summary[1:] + ".")))
        for short, long, value, text in options:
            out.append("%s*--%s*%s\n\t%s\n" % ("*-%s*, " % short if short else "", long, "=" + plain(value) if value else "", plain(text)))
        out.append("Examples:\n\n```\n%s\n```\n" % "\n".join("    " + line.strip().replace("…", "...") for line in examples.splitlines()))
    return open(template, encoding="utf-8").read().replace("@COMMANDS@", "\n".join(out))


def keys(rca):
    """[(key, about)] of the configuration."""
    return re.findall(r"^# ([a-z-]+): (.*)$", ask(rca, "config", "show"), re.M)


def conf(rca, template):
    rows = "\n".join("*%s*\n\t%s\n" % (key, plain(about[0].upper() + about[1:] + ".")) for key, about in keys(rca))
    return open(template, encoding="utf-8").read().replace("@KEYS@", rows)


# ---- completions ----

def all_options(rca):
    return {name: describe(rca, name)[3] for name, _ in commands(rca)}


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
  [ "$command" = config ] && COMPREPLY=($(compgen -W 'check show' -- "$cur")) && return
  COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -F _rca rca
""" % ("|".join(table), lists, dirs, cases, " ".join(table))


def quoted(text):
    return text.replace("'", "'\\''")


def zsh_action(long, value):
    kind = VALUES.get(long, "file")
    if isinstance(kind, list):
        return ":%s:(%s)" % (value, " ".join(kind))
    return ":%s:%s" % (value.replace(":", "\\:"), "_files -/" if kind == "dir" else "_files" if long == "nginx-conf" else "")


def zsh(rca, _):
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
        out.append("      '*::operand:%s' ;;" % ("(check show)" if name == "config" else "_files"))
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
    out.append("complete -c rca -n '__fish_seen_subcommand_from config' -f -a 'check show'")
    return "\n".join(out) + "\n"


sys.stdout.reconfigure(encoding="utf-8")
rca, kind = os.path.abspath(sys.argv[1]), sys.argv[2]
sys.stdout.write({"man": manual, "conf": conf, "bash": bash, "zsh": zsh, "fish": fish}[kind](rca, sys.argv[3] if len(sys.argv) > 3 else None))
