#!/usr/bin/env bash
# The style of the tree, checked: our own rules (tools/check_source.py), formatting, scripts, YAML, and
# clang-tidy on the files that changed lately (--all: on every file). Called by `./dev lint`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

all=no
[ "${1:-}" = --all ] && all=yes
passed=0 failed=0

check() {  # check NAME COMMAND…: prints what the command says only when it fails
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '%s\n-- %s failed\n' "$output" "$name"
  fi
}

sources() { find src bench tests \( -name '*.cpp' -o -name '*.h' \) | sort; }
scripts() { { echo dev; echo .ci/run; find tools tests bench examples -name '*.sh' 2>/dev/null; } | sort; }
yaml_files() { { find .github examples docs \( -name '*.yml' -o -name '*.yaml' \) 2>/dev/null; echo .yamllint.yml; } | sort; }

formatted() {  # names the files that are not
  local files
  files=$(sources | xargs clang-format-19 --dry-run 2>&1 | grep -oE '^[^ :]+\.(cpp|h)' | sort -u)
  [ -z "$files" ] && return 0
  printf 'not formatted:\n%s\n' "$files"
  return 1
}

# Source files that differ from the last commit but eight, or are not committed; at most ten, the newest first.
# A clone without that history, or a tree without git, has none: then the heart of it, src/engine, is looked at.
changed_sources() {
  local base
  base=$(git rev-parse -q --verify HEAD~8 2>/dev/null || git rev-list --max-parents=0 HEAD 2>/dev/null) || return 0
  { git diff --name-only "$base" -- 'src/*.cpp' 2>/dev/null || true
    git ls-files --others --exclude-standard -- 'src/*.cpp' 2>/dev/null || true; } |
    grep -v '_test\.cpp$' | sort -u | while read -r file; do
      [ -f "$file" ] && printf '%s %s\n' "$(git log -1 --format=%ct -- "$file")" "$file"
    done | sort -rn | head -n 10 | cut -d' ' -f2
}

tidy() {
  local files
  if [ $all = yes ]; then files=$(sources | grep '^src/.*\.cpp$' | grep -v -e _test.cpp -e /fuzz_); else files=$(changed_sources); fi
  if [ -z "$files" ]; then files=$(sources | grep '^src/engine/.*\.cpp$' | grep -v _test.cpp); fi
  cmake --preset tidy > build/logs/configure-tidy.log 2>&1 || { cat build/logs/configure-tidy.log; return 1; }
  printf '%s\n' "$files" | xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/tidy --quiet
}

mkdir -p build/logs
check "own rules" python3 tools/check_source.py
check "own rules, self-test" python3 tools/check_source_test.py
check "clang-format (./dev format mends it)" formatted
check shellcheck bash -c "$(declare -f scripts); scripts | xargs shellcheck -x"
check yamllint bash -c "$(declare -f yaml_files); yaml_files | xargs yamllint -c .yamllint.yml"
check "python compiles" python3 -c 'import ast, pathlib, sys
for root in ("tools", "tests", "bench"):
    for path in pathlib.Path(root).rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), str(path))'
check clang-tidy tidy
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
