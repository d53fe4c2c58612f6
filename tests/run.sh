#!/usr/bin/env bash
# Everything that is tested, suite by suite; called by `./dev test`. Each suite's log is build/logs/NAME.log; what
# failed is printed. The last line sums all suites up: `N passed, N failed`.
#
# run.sh [SUITE…]     only these suites (their names: the left column of the output)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
# shellcheck source=tools/need.sh
. tools/need.sh
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

crash_kills=${SLUICE_TEST_KILLS:-20}
fuzz_seconds=${SLUICE_TEST_FUZZ_SECONDS:-10}
seed=${SLUICE_TEST_SEED:-1}
only=("$@")
passed=0 failed=0

wanted() {
  [ ${#only[@]} -eq 0 ] && return 0
  local name
  for name in "${only[@]}"; do [ "$name" = "$1" ] && return 0; done
  return 1
}

# What a log says about its tests: "PASSED FAILED", from the last summary line of a known form.
counts_in() {
  awk '
    /^[0-9]+ passed, [0-9]+ failed/                    { ok = $1; bad = $3 }
    /% tests passed, [0-9]+ tests? failed out of [0-9]+/ { bad = $4; ok = $NF - $4 }
    /^Ran [0-9]+ tests? in /                           { ran = $2 }
    /^# pass [0-9]+/                                   { ok = $3 }
    /^# fail [0-9]+/                                   { bad = $3 }
    /^OK( \(.*\))?$/                                   { ok = ran; bad = 0 }
    /^FAILED \(/                                       { n = 0; while (match($0, /(failures|errors)=[0-9]+/)) {
                                                           split(substr($0, RSTART, RLENGTH), part, "=")
                                                           n += part[2]; $0 = substr($0, RSTART + RLENGTH) }
                                                         bad = n; ok = ran - n }
    END { if (ok == "") print "none"; else print ok, bad }' "$1"
}

# suite NAME COMMAND…: runs it, counts, prints one line; a suite without a count is one test.
suite() {
  local name=$1 log=build/logs/$1.log begin=$SECONDS status=0 ok bad
  shift
  wanted "$name" || return 0
  mkdir -p build/logs
  "$@" > "$log" 2>&1 < /dev/null || status=$?
  read -r ok bad <<< "$(counts_in "$log")"
  if [ "$ok" = none ]; then
    if [ $status -eq 0 ]; then ok=1 bad=0; else ok=0 bad=1; fi
  elif [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
    bad=1  # it counted no failure, and failed all the same
  fi
  passed=$((passed + ok)) failed=$((failed + bad))
  printf '%-22s %6d passed, %d failed   (%d s)\n' "$name" "$ok" "$bad" $((SECONDS - begin))
  [ "$bad" -eq 0 ] && [ $status -eq 0 ] && return 0
  tail -n 80 "$log" | sed 's/^/    /'
  echo "    (the whole log: $log)"
  return 1
}

# skip NAME WHY: said loudly; where CI is set it is a failure.
skip() {
  wanted "$1" || return 0
  if [ "${CI:-}" = true ]; then
    failed=$((failed + 1))
    echo "$1: FAILED, because it cannot run here: $2"
  else
    echo "$1: SKIPPED, because it cannot run here: $2"
  fi
}

build() {  # build PRESET [OPTION…]
  cmake --preset "$@" > "build/logs/configure-$1.log" 2>&1 || { cat "build/logs/configure-$1.log"; return 1; }
  cmake --build "build/$1" -j "$(./dev jobs)"
}

unit() {  # unit PRESET [CTEST OPTION…]
  local preset=$1
  shift
  tools/with_postgres.sh -c fsync=off tools/with_redis.sh "${with_s3[@]}" "${with_mongo[@]}" tools/with_sqs.sh ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure --timeout 600 --no-tests=error "$@"
}

binary() {
  ln -f build/release/bin/sluice build/sluice 2>/dev/null || cp -f build/release/bin/sluice build/sluice
}

s3() {
  tools/with_postgres.sh -c fsync=off tools/with_s3.sh tools/with_sqs.sh python3 tests/s3.py
}

# FerretDB has users, and no Decimal128; documents are written by one there.
mongo() {
  tools/with_mongo.sh --server ferretdb build/release/bin/sluice_documents_test \
    --gtest_filter='-*NumbersAreExact:*WritersAtOnce*' > build/logs/mongo-ferretdb.log 2>&1 ||
    { tail -n 30 build/logs/mongo-ferretdb.log; echo "0 passed, 1 failed"; return 1; }
  tools/with_mongo.sh --server java python3 tests/mongo.py
}

documents() {
  python3 tests/run_cases.py README.md docs/*.md
}

# The threads of the engine and whatever stands on them; the rest has no threads of its own.
threaded='^(base|rows|formats|pipeline|aws|blobs|adapters|documents|copies|queues|engine|jobs|http|http_server|http_events|server_uploads|app|cli|archives)\.'

echo "Testing with $(./dev jobs) of $(nproc) cores; logs in build/logs"
mkdir -p build/logs
need build test lint clang || { echo "0 passed, 1 failed"; exit 1; }

# S3's server is built of Go modules once, and not everywhere.
with_s3=(tools/with_s3.sh)
no_s3=$(tools/with_s3.sh --build 2>&1) || with_s3=()

# That of MongoDB's protocol is a few jars.
with_mongo=(tools/with_mongo.sh --server java)
no_mongo=$("${with_mongo[@]}" --build 2>&1) || with_mongo=()

suite lint tools/lint.sh
if suite build build release; then
  binary
  suite unit unit release
  suite self python3 -m unittest discover -s tests -p '*_test.py'
  suite cases python3 tests/run_cases.py
  suite documents documents
  suite oracles tests/run_oracles.sh
  suite crash python3 tests/crash.py --faults "$crash_kills" --seed "$seed"
  suite crash-postgres python3 tests/crash.py --store postgres --rows 24000 --faults "$crash_kills" --seed "$seed"
  suite crash-service python3 tests/crash.py --service --rows 24000 --faults "$crash_kills" --seed "$seed"
  suite crash-service-postgres python3 tests/crash.py --service --store postgres --rows 24000 --faults "$crash_kills" --seed "$seed"
  suite nodes python3 tests/nodes.py
  suite chaos python3 tests/chaos.py --seed "$seed"
  suite api python3 tests/api.py
  suite conformance tests/run_conformance.sh
  suite connections python3 tests/connections_postgres.py
  suite push env SLUICE_TEST_KILLS="$crash_kills" SLUICE_TEST_SEED="$seed" python3 tests/push.py
  suite round-trip python3 tests/round_trip.py
  suite states-files python3 tests/states_files.py
  suite clients python3 tests/clients.py
  suite web python3 tests/web.py
  suite bullmq tools/with_redis.sh tests/bullmq/run.sh
  if [ -z "$no_s3" ]; then suite s3 s3; else skip s3 "$no_s3"; fi
  if [ -z "$no_mongo" ]; then
    suite mongo mongo
    suite states-chain python3 tests/states_chain.py --rows 30000 --kills 8 --seed "$seed"
  else
    skip mongo "$no_mongo"
  fi
  # shellcheck disable=SC2016  # it is set by with_sqs.sh
  if tools/with_sqs.sh bash -c '[ -n "${SLUICE_TEST_SQS:-}" ]' > build/logs/with-sqs.log 2>&1; then
    suite queue-sqs python3 tests/queue_sqs.py
  else
    skip queue-sqs "$(tail -n 1 build/logs/with-sqs.log)"
  fi
fi
if suite asan-build build asan; then
  suite asan unit asan
  suite fuzz tests/run_fuzz.sh "$fuzz_seconds" --seed "$seed"
fi
if suite tsan-build build tsan; then
  suite tsan unit tsan -R "$threaded"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
