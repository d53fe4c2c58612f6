# Sourced by the scripts that build a test server of Go modules: the command of a Go that is new enough. The caller has
# cannot(), which says why there is none and ends.
# shellcheck shell=bash

# Prints the command of this machine's Go, or of one that an older Go fetches into FOLDER as the module that toolchains are
# published as (from 1.21 on Go does so by itself; Debian 12 has 1.19).
find_go() {  # SERVER LEAST FOLDER
  local server=$1 least=$2 folder=$3 newer=1.25.5 have fetched
  command -v go > /dev/null || cannot "Go is not installed (apt-get install golang-go)"
  have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
  if [ "$(printf '%s\n' "$least" "$have" | sort -V | head -n 1)" = "$least" ]; then
    command -v go
    return
  fi
  fetched=golang.org/toolchain@v0.0.1-go$newer.$(go env GOOS)-$(go env GOARCH)
  GOMODCACHE=$folder GOTOOLCHAIN=local GOFLAGS=-modcacherw go mod download "$fetched" > "$folder.log" 2>&1 ||
    cannot "$server wants Go $least or newer; there is Go $have, and fetching $newer failed: $(tail -n 1 "$folder.log")"
  chmod -R u+x "$folder/$fetched/bin" "$folder/$fetched/pkg/tool"
  echo "$folder/$fetched/bin/go"
}
