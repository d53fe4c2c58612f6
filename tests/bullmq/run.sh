#!/usr/bin/env bash
# Unmodified BullMQ on the other side of a Redis, against build/release: its queues worked on by both, and a
# server that takes jobs from it. Needs tools/with_redis.sh around it.
#
# run.sh [PATTERN]    only tests whose names match
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
: "${SLUICE_TEST_REDIS:?run this inside tools/with_redis.sh}"

# What npm installs stays outside the tree; the tests are copied there because imports are looked up from where they are.
place=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/test-bullmq
mkdir -p "$place"
if ! cmp -s package.json "$place/package.json"; then
  cp package.json "$place/package.json"
  (cd "$place" && npm install --silent --no-audit --no-fund --ignore-scripts)
fi
cp ./*.mjs "$place/"
SLUICE_BUILD=$(cd ../../build/release && pwd)
SLUICE_ROOT=$(cd ../.. && pwd)
export SLUICE_BUILD SLUICE_ROOT
# One file after the other: each wants the cores.
exec node --test --test-reporter=tap --test-concurrency=1 ${1:+--test-name-pattern="$1"} "$place"/*.test.mjs
