#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
set -uo pipefail
# shellcheck source=tests/prepare.sh
. "$(dirname "$0")/prepare.sh"

usage()
{
    cat <<'END'
Usage: tests/run.sh [options]

Installs what is missing (apt), builds, and runs every test. The last line is
"N passed, N failed, N skipped"; the exit status is 0 only where none failed.

  --only PART      only this part; may be given again. Parts: build, lint, unit,
                   verbs, attacks, analysis, engines, crash, examples
  --all-engines    each test of an engine on all five; else Docker 26 on overlay2 and
                   Podman 5 only where the engine itself matters
  --crash SUITE    only that suite of tests/crash, whole; may be given again:
                   all      every call of every run, hit with everything (hours)
                   engine   the engine killed at every request (half an hour)
                   power    power cuts, a quarter of an hour; power=SECONDS for
                            each file system and run
                   qemu     a machine whose plug is pulled 50 times; qemu=COUNT
                   kit      a kit's install killed at every call (seconds)
  --fuzz TIME      also fuzz for that long (60m, 2h, 90s or a number of seconds):
                   all targets together, each gets its share (installs clang)
  --korean         also type the pages of docs/ko in Korean (a minute)
  --large          only pack, verify and extract members above 2 and 4 GiB (minutes,
                   some gigabytes of disk)
  --story          also carry examples/plant-hmi, by the kit, onto a host that has busybox and
                   an engine alone (minutes)
  --kit-roots      also install the kit in roots of Debian 11 to 13 and of musl, which are
                   made once (minutes)
  --arm64          also build the kit's program for arm64 and run it by qemu (minutes,
                   half a gigabyte of disk)
  --bench          also run tests/bench/run.sh (minutes, some gigabytes of disk)
  --help           this text

Engines that are not this Debian's own come from a root that is made once, in
/var/cache/handcarry-tests (HANDCARRY_TRIXIE, HANDCARRY_BOOKWORM name another).
END
}

seconds_of() # TIME: 90, 90s, 60m, 2h
{
    local number=${1%[smh]}
    case $number in
        '' | *[!0-9]* | 0*) echo "run.sh: '$1' is no time: 60m, 2h, 90s" >&2; return 2 ;;
    esac
    case $1 in
        *h) echo $((number * 3600)) ;;
        *m) echo $((number * 60)) ;;
        *) echo "$number" ;;
    esac
}

only='' fuzz=0 bench=0 large=0 story=0 kit_roots=0 arm64=0 korean=0 crash='' few=--few-engines
args=("$@")
while [ $# -gt 0 ]; do
    case $1 in
        --only) only="$only ${2:?--only needs a part}"; shift 2 ;;
        --all-engines) few=''; shift ;;
        --crash) crash="$crash ${2:?--crash needs a suite}"; shift 2 ;;
        --fuzz) fuzz=$(seconds_of "${2:?--fuzz needs a time, as 60m}") || exit; shift 2 ;;
        --large) large=1 only=none; shift ;;
        --story) story=1; shift ;;
        --kit-roots) kit_roots=1; shift ;;
        --arm64) arm64=1; shift ;;
        --korean) korean=1; shift ;;
        --bench) bench=1; shift ;;
        --help) usage; exit 0 ;;
        *) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
    esac
done
for part in $only; do
    case $part in
        build | lint | unit | verbs | attacks | analysis | engines | crash | examples) ;;
        *) echo "run.sh: unknown part $part" >&2; exit 2 ;;
    esac
done
for suite in $crash; do
    case $suite in
        all | engine | kit | power | power=[0-9]* | qemu | qemu=[0-9]*) only=none ;;
        *) echo "run.sh: unknown suite $suite" >&2; exit 2 ;;
    esac
done
become_root "${args[@]}"
cd "$top" || exit 1

passed=0 failed=0 skipped=0
reports=$top/build/reports
export G_DEBUG=fatal-warnings PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

wanted() # PART
{
    [ -z "$only" ] || [[ " $only " == *" $1 "* ]]
}

check() # NAME COMMAND…: one result; the output is shown where it fails
{
    local name=$1 log=$reports/$1.log start=$SECONDS
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "ok     $name ($((SECONDS - start)) s)"
        return 0
    fi
    failed=$((failed + 1))
    echo "FAILED $name: $*"
    tail -n 60 "$log" | sed 's/^/    /'
    return 1
}

skip() # NAME REASON
{
    skipped=$((skipped + 1))
    echo "skip   $1: $2"
}

add_report() # REPORT: every test in it is one result
{
    local p=0 f=1 s=0
    read -r p f s < <(/usr/bin/python3 tests/tally.py "$1")
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

install_packages()
{
    # shellcheck disable=SC2046,SC2086 # lists of words
    need $build_packages python3 python3-pytest python3-cryptography python3-jsonschema git util-linux minisign zstd openssl \
        softhsm2 opensc shellcheck skopeo docker-registry chromium zbar-tools poppler-utils \
        busybox-static zsh curl e2fsprogs debootstrap disorderfs strace ansible-core ostree podman crun docker-compose postgresql \
        $(docker_packages)
    if [ "$fuzz" != 0 ] || [ "${CI:-}" = true ]; then
        need clang libclang-rt-dev
    fi
    ! wanted analysis || need clang-tidy cppcheck
    [ "$kit_roots" = 0 ] || need musl musl-tools linux-libc-dev
    [ "$arm64" = 0 ] || need gcc-aarch64-linux-gnu qemu-user-static
}

build_all()
{
    check build-release build_in release --buildtype=release --werror || return
    check build-asan build_in asan --werror -Doptimization=1 -Ddebug=true \
        -Db_sanitize=address,undefined || return
    check build-isolated build_isolated || return
    wanted build || return 0
    if command -v clang >/dev/null; then
        check build-clang env CC=clang bash -c \
            '. tests/prepare.sh; build_targets=handcarry build_in clang --werror -Doptimization=0'
    else
        skip build-clang "clang is not installed"
    fi
    return 0
}

build_isolated() # the isolated side alone builds, and knows no verb of the connected side
{
    build_targets='handcarry man' build_in isolated --werror -Dbundler=false || return
    "$top/build/isolated/handcarry" bundle release.yaml
    [ $? -eq 2 ]
}

run_lint()
{
    if [ ! -x tests/lint ]; then
        skip lint "tests/lint is not there"
        return
    fi
    check lint tests/lint
    check lint-self-test tests/lint --self-test
}

run_unit() # FOLDER
{
    rm -f "build/$1/meson-logs/testlog.json"
    echo "== unit tests and fuzz corpora, $1 build"
    meson test -C "build/$1" --num-processes 2 --timeout-multiplier 10 --print-errorlogs --no-rebuild 2>&1 </dev/null |
        grep -v ' OK  ' | tail -n 60
    add_report "build/$1/meson-logs/testlog.json"
}

run_pytest() # FOLDER BUILD [K/N]: all of the folder's tests, or a share of its files
{
    local report=$reports/$1-$2${3:+-${3%/*}}.xml maker=$2 what=tests/$1
    if [ "$2" = isolated ]; then # the same code: what other verbs in its table may change
        maker=release
        what='tests/verbs/test_help.py tests/verbs/test_show.py tests/verbs/test_trust.py
            tests/verbs/test_verify.py'
    elif [ "$1-$2" = verbs-release ]; then
        # Texts, keys, comparing, what is said of packages: once is enough, with sanitizers. What
        # packs, and the engines' tests of deltas and trees, run in this build, too.
        what='tests/verbs --ignore-glob=*/test_trust*.py --ignore-glob=*/test_keygen.py
            --ignore-glob=*/test_sign*.py --ignore-glob=*/test_lint*.py
            --ignore-glob=*/test_report*.py --ignore-glob=*/test_diff*.py
            --ignore-glob=*/test_extract.py --ignore-glob=*/test_delta_tree.py
            --ignore-glob=*/test_bundle_syntax.py --ignore-glob=*/test_bundle_packages.py
            --ignore-glob=*/test_bundle_sbom*.py --ignore-glob=*/test_bundle_delta.py
            --ignore-glob=*/test_provenance.py --ignore-glob=*/test_kit_install.py'
    elif [ "$1-$2" = sources-release ]; then # what needs no speed: once, with sanitizers
        what='tests/sources --ignore-glob=*/test_registry_a*.py --ignore-glob=*/test_lock.py
            --ignore-glob=*/test_cache.py'
    fi
    if [ ! -d "tests/$1" ]; then
        skip "$1" "tests/$1 is not there"
        return
    fi
    rm -f "$report"
    echo "== $1, $2 build${3:+, share $3 of the files}"
    # shellcheck disable=SC2086 # words
    HANDCARRY=$top/build/$2/handcarry HANDCARRY_MAKER=$top/build/$maker/handcarry \
        /usr/bin/python3 -m pytest -q --tb=short --junitxml="$report" ${3:+--share="$3"} $few \
        $what </dev/null
    add_report "$report"
}

run_beside() # COUNT FOLDER BUILD [K/N] [and …]: so many side by side, shown one after the other
{
    local most=$1 running=0 one=() all=() words text
    shift
    for text in "$@" and; do
        if [ "$text" = and ]; then
            [ ${#one[@]} -eq 0 ] || all+=("${one[*]}")
            one=()
        else
            one+=("$text")
        fi
    done
    for words in "${all[@]}"; do
        if [ "$running" -eq "$most" ]; then
            wait -n
            running=$((running - 1))
        fi
        running=$((running + 1))
        # shellcheck disable=SC2086 # words
        run_pytest $words >"$reports/beside-${words//[ \/]/-}.log" 2>&1 &
    done
    wait
    for words in "${all[@]}"; do
        cat "$reports/beside-${words//[ \/]/-}.log"
        read -ra one <<<"$words"
        # What it counted was in a process of its own.
        add_report "$reports/${one[0]}-${one[1]}${one[2]:+-${one[2]%/*}}.xml"
    done
}

run_engines() # four at a time: they wait for daemons more than for a processor
{
    [ -z "$few" ] || echo "== Docker 26 on overlay2 and Podman 5 run a part of the tests (--all-engines: all)"
    # More shares than run at once, for some take three times as long as others.
    local share shares=()
    for share in {1..12}; do
        shares+=(engines release "$share/12" and)
    done
    run_beside 4 "${shares[@]}" bare release
}

begin_analysis() # beside the engines, which wait for daemons
{
    local tool
    for tool in clang-tidy cppcheck gcc; do
        tests/analysis/run "$tool" build/release >"$reports/analyzer-$tool.log" 2>&1 </dev/null
        echo $? >"$reports/analyzer-$tool.status"
    done &
}

analyzed() # TOOL: what it said, and its exit status
{
    cat "$reports/analyzer-$1.log"
    return "$(cat "$reports/analyzer-$1.status")"
}

end_analysis()
{
    local tool
    wait
    for tool in clang-tidy cppcheck gcc; do
        if [ "$(cat "$reports/analyzer-$tool.status")" = 75 ]; then
            skip "analysis-$tool" "$(tail -n 1 "$reports/analyzer-$tool.log")"
        else
            check "analysis-$tool" analyzed "$tool"
        fi
    done
}

run_crash() # SUITE: what it needs, then its tests with its numbers
{
    local number=${1#*=}
    [ "$number" != "$1" ] || number=''
    case ${1%%=*} in
        all) export HANDCARRY_CRASH=all ;;
        engine) export HANDCARRY_CRASH_ENGINE=all ;;
        kit) export HANDCARRY_KIT_KILLS=all ;;
        power)
            need libfuse3-dev fuse3 xfsprogs e2fsprogs
            export HANDCARRY_CRASH_POWER=${number:-240}
            ;;
        qemu)
            need qemu-system-x86 debootstrap e2fsprogs
            export HANDCARRY_CRASH_QEMU=${number:-50}
            ;;
    esac
    check "crash-${1%%=*}" env HANDCARRY="$top/build/release/handcarry" \
        /usr/bin/python3 -m pytest -q --tb=short "tests/$2"
    cat "$reports/crash-${1%%=*}.log"
}

run_suites()
{
    local suite
    for suite in $crash; do
        case $suite in
            all) run_crash all crash/test_sweep.py ;;
            engine) run_crash engine crash/test_engine_kills.py ;;
            kit) run_crash kit verbs/test_kit_install.py ;;
            power*) run_crash "$suite" crash/test_power.py ;;
            qemu*) run_crash "$suite" crash/test_qemu.py ;;
        esac
    done
}

run_examples()
{
    local script
    for script in examples/quickstart.sh examples/*/test.sh; do
        [ -x "$script" ] || continue
        check "$(echo "$script" | tr / -)" "$script"
    done
    run_pytest pipelines release
}

run_crash_and_examples() # side by side: the examples build images and wait for health
{
    if wanted crash; then
        run_pytest crash release >"$reports/beside-crash.log" 2>&1 &
    fi
    wanted examples && run_examples
    if wanted crash; then
        wait
        cat "$reports/beside-crash.log"
        add_report "$reports/crash-release.xml"
    fi
}

run_fuzz() # each target's share of the time, one after the other
{
    local targets target share
    check build-fuzz env CC=clang bash -c \
        '. tests/prepare.sh; build_in fuzz -Dfuzzers=true -Db_sanitize=address,undefined' || return
    targets=$(cd tests/fuzz && ls fuzz-*.c)
    share=$((fuzz / $(wc -w <<<"$targets")))
    for target in $targets; do
        target=${target#fuzz-}
        check "fuzz-${target%.c}" tests/fuzz/campaign run --seconds $((share > 0 ? share : 1)) \
            "${target%.c}"
    done
}

mkdir -p "$reports"
start=$SECONDS
install_packages
if build_all; then
    wanted lint && run_lint
    if wanted unit; then
        run_unit release
        run_unit asan
    fi
    # The longest first, so that no processor waits at the end.
    suites=()
    wanted verbs && suites+=(verbs asan 1/3 and verbs asan 2/3 and verbs asan 3/3 and verbs release and)
    wanted attacks && suites+=(attacks asan and attacks release and)
    wanted verbs && suites+=(sources asan and verbs isolated and sources release)
    run_beside 2 "${suites[@]}"
    wanted analysis && begin_analysis
    wanted engines && run_engines
    wanted analysis && end_analysis
    run_crash_and_examples
    run_suites
    [ "$fuzz" = 0 ] || run_fuzz
    [ "$large" = 0 ] || check large env HANDCARRY_LARGE=1 HANDCARRY="$top/build/release/handcarry" \
        /usr/bin/python3 -m pytest -q --tb=short tests/attacks/test_sizes.py
    [ "$story" = 0 ] || check story examples/plant-hmi/first-hour.sh
    [ "$kit_roots" = 0 ] || check kit-roots env HANDCARRY_KIT_ROOTS=all \
        HANDCARRY="$top/build/release/handcarry" \
        /usr/bin/python3 -m pytest -q --tb=short tests/verbs/test_kit_roots.py
    if [ "$arm64" = 1 ] && check arm64-build tests/arm64/build.sh; then
        check arm64 env HANDCARRY_ARM64=1 HANDCARRY="$top/build/release/handcarry" \
            /usr/bin/python3 -m pytest -q --tb=short tests/verbs/test_kit_arm64.py
    fi
    [ "$korean" = 0 ] || check korean env HANDCARRY_KOREAN=1 HANDCARRY="$top/build/release/handcarry" \
        /usr/bin/python3 -m pytest -q --tb=short tests/engines/test_docs.py -k korean
    [ "$bench" = 0 ] || check bench tests/bench/run.sh
fi
echo "took $((SECONDS - start)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
