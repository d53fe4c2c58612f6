#!/usr/bin/env bash
# Runs the fuzz targets of build/asan, two at a time or as many as there are cores.
#
# run_fuzz.sh [SECONDS] [--seed N] [TARGET…]    default: 60 seconds each, a seed of the time, all targets
# Starts from tests/corpus/TARGET where that is there. What breaks a target is kept in build/fuzz/TARGET and
# printed with the command that shows it again. Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

seconds=60 seed=$(date +%s) targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seed) seed=$2; shift ;;
    *[!0-9]*) targets+=("${1#fuzz_}") ;;
    *) seconds=$1 ;;
  esac
  shift
done
if [ ${#targets[@]} -eq 0 ]; then
  for program in build/asan/bin/fuzz_*; do
    [ -x "$program" ] && targets+=("$(basename "$program" | sed 's/^fuzz_//')")
  done
fi
if [ ${#targets[@]} -eq 0 ]; then
  echo "there are no fuzz targets in build/asan/bin; ./dev fuzz builds them"
  echo "0 passed, 1 failed"
  exit 1
fi

one() {  # one TARGET SECONDS SEED
  local target=$1 seconds=$2 seed=$3 folder=build/fuzz/$1 status=0
  mkdir -p "$folder/corpus"
  local corpora=("$folder/corpus")
  [ -d "tests/corpus/$target" ] && corpora+=("tests/corpus/$target")
  "build/asan/bin/fuzz_$target" -max_total_time="$seconds" -seed="$seed" -rss_limit_mb=2048 -timeout=25 \
    -print_final_stats=1 -artifact_prefix="$folder/" "${corpora[@]}" > "$folder/log" 2>&1 || status=$?
  if [ $status -eq 0 ]; then
    echo "ok      $target: $(awk '/number_of_executed_units/ {print $2}' "$folder/log") inputs, seed $seed"
  else
    tail -n 40 "$folder/log"
    echo "FAILED  $target (seed $seed); again: build/asan/bin/fuzz_$target $(sed -n 's/.*Test unit written to //p' "$folder/log")"
  fi
}
export -f one

results=$(printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one "$@"' _ {} "$seconds" "$seed")
printf '%s\n' "$results"
failed=$(grep -c '^FAILED' <<< "$results")
echo "$((${#targets[@]} - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
