#!/usr/bin/env bash
# Files with known answers: those in tests/data always, and a larger collection with its own judge where one lies
# beside the checkout (or where SLUICE_COLLECTION points): conformance/run.py and data/MANIFEST.json.
# Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
collection=${SLUICE_COLLECTION:-../shared}
passed=0 failed=0

judge() {  # judge NAME COMMAND…: shows what it says and adds up its last line
  local output status ok bad
  echo "-- $1"
  shift
  output=$("$@" 2>&1)
  status=$?
  printf '%s\n' "$output"
  read -r ok _ bad _ <<< "$(grep -E '^[0-9]+ passed, [0-9]+ failed' <<< "$output" | tail -n 1)"
  if [ -z "${bad:-}" ]; then ok=0 bad=1; fi
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad))
}

judge tests/data python3 tests/conformance.py
judge "tests/data, infer, then run by what it wrote" python3 tests/infer_again.py tests/data
if [ -f "$collection/conformance/run.py" ] && [ -f "$collection/data/MANIFEST.json" ]; then
  for dialect in declared auto; do
    judge "the collection, dialect $dialect" python3 tests/collection.py "$collection" "$dialect"
  done
  judge "infer, then run by what it wrote" python3 tests/infer_again.py "$collection/data"
  judge "dirty and clean twins" env PYTHONDONTWRITEBYTECODE=1 python3 "$collection/conformance/dirty.py" \
    --data "$collection/data" --bin build/sluice
else
  echo "(no larger collection beside this checkout)"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
