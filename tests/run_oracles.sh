#!/usr/bin/env bash
# Runs every tests/oracles/*.py: programs that work out by other means what Sluice should say (another JCS, another
# CSV reader), and compare. Each gets the binary's path as SLUICE and ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export SLUICE=$PWD/build/sluice
passed=0 failed=0
for oracle in tests/oracles/*.py; do
  [ -e "$oracle" ] || continue
  echo "-- $oracle"
  output=$(python3 "$oracle" 2>&1)
  status=$?
  printf '%s\n' "$output"
  read -r ok _ bad _ <<< "$(grep -E '^[0-9]+ passed, [0-9]+ failed' <<< "$output" | tail -n 1)"
  if [ -z "${bad:-}" ]; then ok=0 bad=1; fi
  if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
