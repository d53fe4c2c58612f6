#!/usr/bin/env bash
# Runs COMMAND with `--to URL` of this program, which is built in the cache folder and started on a free port, with the Redis
# and the MongoDB of the test wrappers:
#   tools/with_redis.sh tools/with_mongo.sh bench/states-node/run.sh bench/states_load.py --batches 100
set -euo pipefail

[ $# -gt 0 ] || { echo "run.sh: no command to run" >&2; exit 2; }
: "${SLUICE_TEST_REDIS:?run it under tools/with_redis.sh}" "${SLUICE_TEST_MONGO:?run it under tools/with_mongo.sh}"
here=$(cd "$(dirname "$0")" && pwd)
# What npm installs stays outside the tree.
place=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/bench-states-node-$(cat "$here"/*.json "$here"/src/*.ts | sha256sum | cut -c1-12)
if [ ! -d "$place/dist" ]; then
  rm -rf "$place"
  mkdir -p "$place"
  cp -r "$here"/*.json "$here/src" "$place"
  (cd "$place" && npm install --silent --no-audit --no-fund --ignore-scripts && npx tsc --outDir made && mv made dist)
fi

PORT=$("$here/../../tools/free_port.py")
export PORT REDIS_URL=$SLUICE_TEST_REDIS MONGO_URL=$SLUICE_TEST_MONGO NODE_ENV=production
node "$place/dist/main.js" &
program=$!
# shellcheck disable=SC2317  # called by the trap
finish() {
  kill "$program" 2> /dev/null || true
  wait "$program" || true
}
trap finish EXIT
for _ in {1..600}; do
  curl -sf -o /dev/null "http://127.0.0.1:$PORT/states" && break
  kill -0 "$program" 2> /dev/null || { echo "run.sh: the program has ended" >&2; exit 1; }
  sleep 0.1
done
status=0
"$@" --to "http://127.0.0.1:$PORT" || status=$?
exit $status
