#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""generate.py PROGRAM bash|zsh: prints what the shell completes, as the program says it
(VERB_LIST_OPTIONS in manifest/verb.h)."""
import os
import re
import subprocess
import sys

# What a word of a synopsis, or the value of an option, stands for: patterns of files beside folders.
# Those that stand for nothing that can be found have no row.
BUNDLES = ["*.tar.zst", "*.tar.zst.001"]
KINDS = {
    "BUNDLE": BUNDLES, "PATH": BUNDLES, "A": [*BUNDLES, "*.have"], "B": [*BUNDLES, "*.have"],
    "STATEMENT": ["*.statement.yaml", "*.yaml"], "RELEASE.yaml": ["*.yaml"],
    "HAVE": ["*.have"], "KEY": ["*.key"], "FILE.pub": ["*.pub"], "FILE.trust": ["*.trust"],
    "FILE": ["*"], "DIR": [], "CACHE": [],
}
# These mean a key or a vote wherever they stand: "FILE" says too little.
OPTIONS = {"--add": ["*.vote", "*.minisig"]}


def ask(program, *words):
    run = subprocess.run([program, *words], capture_output=True, text=True, check=True,
                         env={**os.environ, "LC_ALL": "C"})
    return run.stdout


def walk(program, words=()):
    """A node for the program, and for each verb and sub-verb."""
    text = ask(program, *words, "--help")
    subs = re.findall(r"(?m)^  ([a-z]+) +(.*)$", text) if re.match(r"Usage: .*VERB", text) else []
    if not subs:
        return [Node(words, [], ask(program, *words, "--list-options").splitlines())]
    return sum((walk(program, (*words, sub[0])) for sub in subs), [Node(words, subs, [])])


def kind_of(text):
    """"product", a list of patterns (empty: folders alone), or None where nothing can be found."""
    names = re.findall(r"[A-Za-z.]+", text) if "://" not in text else []
    if "PRODUCT" in names:
        return "product"
    patterns = [KINDS[name] for name in names if name in KINDS]
    return list(dict.fromkeys(sum(patterns, []))) if patterns else None


def positional(synopsis):
    """What words that are no options stand for: the first, and all that follow."""
    plain = re.sub(r"\[-[^]]*\]…?|-[-a-z]+[ =]\S+", " ", synopsis).split()
    kinds = [kind_of(word) for word in plain]
    return (kinds[0], kinds[-1]) if kinds else (None, None)


class Node:
    """One verb or sub-verb."""

    def __init__(self, words, subs, lines):
        self.words, self.subs = words, subs
        self.options = [line.split("\t") for line in lines[1:]]
        self.first, self.rest = positional(lines[0] if lines else "")

    def value(self, option):
        return OPTIONS.get(option[0], kind_of(option[2]))


def quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash_files(kind):
    if kind == "product":
        return "_handcarry_products"
    if kind is None:
        return ":"
    return " ".join(["_handcarry_files", *map(quote, kind)])


BASH = r"""# SPDX-License-Identifier: Apache-2.0
# Made by manifest/completion/generate.py: not to be edited.

_handcarry_files() # PATTERN…: files of these names, and folders
{
    local pattern
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(
        compgen -d -- "$cur"
        for pattern; do compgen -f -X "!$pattern" -- "$cur"; done | while IFS= read -r file; do
            [ -d "$file" ] || printf '%s\n' "$file"
        done)
}

_handcarry_products()
{
    local root='' word state i
    for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            --root=*) root=${word#*=} ;;
            --root) [ "${COMP_WORDS[i + 1]}" = = ] && root=${COMP_WORDS[i + 2]} || root=${COMP_WORDS[i + 1]} ;;
        esac
    done
    COMPREPLY=()
    for state in "$root"/var/lib/handcarry/*/state.yaml; do
        [ -e "$state" ] || continue
        word=${state%/state.yaml} word=${word##*/}
        # What lies below --root may be anything, and is put into the line unquoted.
        [[ $word == "$cur"* && $word != *[!a-z0-9._-]* ]] && COMPREPLY+=("$word")
    done
}

_handcarry_words() # WORD…
{
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# Where a kit has fewer verbs than this file, those that are there count.
_handcarry_verbs() # WORD…
{
    local there
    # A program that is named by its path, on a stick perhaps, is not started before Enter is typed.
    [[ ${COMP_WORDS[0]} != handcarry || $(type -P handcarry) != /* ]] ||
        there=$(LC_ALL=C command handcarry --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')
    _handcarry_words ${there:-"$@"}
}

_handcarry()
{
    local cur=${COMP_WORDS[COMP_CWORD]} option='' verb=${COMP_WORDS[1]} count=0 i
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    if [ "$cur" = = ]; then
        cur='' option=$before
    elif [ "$before" = = ] && ((COMP_CWORD >= 2)); then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $before == -* ]]; then
        option=$before
    fi
    # As it will be without quotes.
    cur=${cur#[\"\']} cur=${cur//\\/}
    COMPREPLY=()
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            =) i=$((i + 1)) ;;
            @VALUED@) [ "${COMP_WORDS[i + 1]}" = = ] || i=$((i + 1)) ;;
            -*) ;;
            *) count=$((count + 1)) ;;
        esac
    done
    if ((COMP_CWORD == 1)); then
        _handcarry_verbs @VERBS@
        return
    fi
    case $verb in
@GROUPS@
    esac
    case $verb in
@CASES@
    esac
}

complete -F _handcarry handcarry
"""


def bash_case(node):
    """The lines of one verb: values of options, options, then what else may stand there."""
    lines = ["        %s)" % quote(" ".join(node.words)), "            case $option in"]
    for option in node.options:
        if option[2]:
            names = "|".join(filter(None, option[:2]))
            lines.append("                %s) %s; return ;;" % (names, bash_files(node.value(option))))
    lines += ["            esac", "            if [[ $cur == -* ]]; then",
              "                _handcarry_words %s" % " ".join(option[0] for option in node.options),
              "            elif ((count == %d)); then" % (len(node.words) - 1),
              "                " + bash_files(node.first),
              "            else", "                " + bash_files(node.rest), "            fi ;;"]
    return "\n".join(lines)


def bash_group(node):
    return """\
        %s)
            if ((COMP_CWORD == 2)); then
                _handcarry_words %s --help
                return
            fi
            verb="$verb ${COMP_WORDS[2]}" ;;""" % (node.words[0], " ".join(sub[0] for sub in node.subs))


def bash(nodes):
    top = nodes[0]
    valued = {name for node in nodes for option in node.options if option[2] for name in option[:2] if name}
    return (BASH.replace("@VALUED@", "|".join(sorted(valued))).replace("@VERBS@", " ".join(sub[0] for sub in top.subs))
            .replace("@GROUPS@", "\n".join(bash_group(node) for node in nodes[1:] if node.subs))
            .replace("@CASES@", "\n".join(bash_case(node) for node in nodes[1:] if not node.subs)))


ZSH = """\
#compdef handcarry
# SPDX-License-Identifier: Apache-2.0
# Made by manifest/completion/generate.py: not to be edited.

_handcarry_products()
{
    local root=${opt_args[--root]:-} found
    found=($root/var/lib/handcarry/*/state.yaml(N:h:t))
    compadd -a found
}

_handcarry()
{
    local context curcontext=$curcontext state line
    typeset -A opt_args
    local -a verbs subs
    verbs=(@VERBS@)
    _arguments -C '1:verb:->verb' '*:: :->rest'
    case $state in
        verb) _describe verb verbs ;;
        rest)
            case $words[1] in
@CASES@
            esac ;;
    esac
}

_handcarry "$@"
"""


def zsh_described(name, text):
    return quote(name + ":" + text.replace(":", "\\:"))


def zsh_files(kind):
    if kind == "product":
        return "_handcarry_products"
    if kind is None:
        return "()"
    if not kind:
        return "_files -/"
    # "(*.yaml)" alone would be a qualifier, which has no alternatives.
    return "_files -g \"%s\"" % (kind[0] if len(kind) == 1 else "(%s)" % "|".join(kind))


def zsh_option(node, option):
    name, short, value, text = option
    text = re.sub(r"([]\\[:])", r"\\\1", text)
    ending = ":%s:%s" % (re.sub(r"([:\\\\])", r"\\\1", value), zsh_files(node.value(option))) if value else ""
    lines = [quote("*" + name + ("=" if value else "") + "[" + text + "]" + ending)]
    if short:
        lines.append(quote("*" + short + "[" + text + "]" + ending))
    return lines


def zsh_arguments(node, indent):
    rows = [line for option in node.options for line in zsh_option(node, option)]
    rows += [quote(place + ": :" + zsh_files(kind))
             for place, kind in (("1", node.first), ("*", node.rest)) if kind is not None]
    return "_arguments " + (" \\\n" + indent).join(rows)


def zsh_case(node, nodes):
    if not node.subs:
        return "                %s) %s ;;" % (node.words[0], zsh_arguments(node, " " * 20))
    lines = ["                %s)" % node.words[0],
             "                    subs=(%s)" % " ".join(zsh_described(*sub) for sub in node.subs),
             "                    _arguments -C '1:sub-verb:->sub' '*:: :->subrest'",
             "                    case $state in", "                        sub) _describe sub-verb subs ;;",
             "                        subrest)", "                            case $words[1] in"]
    lines += ["                                %s) %s ;;" % (sub.words[1], zsh_arguments(sub, " " * 36))
              for sub in nodes if sub.words[:1] == node.words and len(sub.words) == 2]
    return "\n".join(lines + ["                            esac ;;", "                    esac ;;"])


def zsh(nodes):
    return (ZSH.replace("@VERBS@", " ".join(zsh_described(*sub) for sub in nodes[0].subs))
            .replace("@CASES@", "\n".join(zsh_case(node, nodes) for node in nodes if len(node.words) == 1)))


def main():
    program, shell = sys.argv[1:]
    nodes = walk(program)
    print({"bash": bash, "zsh": zsh}[shell](nodes), end="")


if __name__ == "__main__":
    main()
