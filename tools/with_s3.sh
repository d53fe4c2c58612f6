#!/usr/bin/env bash
# A private S3 server for tests and benchmarks: versitygw, which checks every signature. Builds it once into the cache
# folder (Go modules), starts one on a free loopback port with its files in a temporary directory, runs COMMAND with
# SLUICE_TEST_S3 (the URL of an empty bucket) and the keys for it (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) set, and takes
# everything away again.
#
# with_s3.sh COMMAND…
# with_s3.sh --build     only builds the server; where it cannot, says why in one line and exits with status 3
# The environment also gets SLUICE_TEST_S3_TLS, the same bucket by way of TLS, and SLUICE_TEST_S3_CONTROL, a command that takes
# stop|start|kill|log.
set -euo pipefail

version=v1.8.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/versitygw-$version
server=$cache/versitygw

cannot() { echo "no S3 server for the tests: $1" >&2; exit 3; }
# shellcheck source=tools/find_go.sh
. "$(dirname "$0")/find_go.sh"

build() {
  [ -x "$server" ] && return
  mkdir -p "$cache"
  local made go
  made=$(mktemp -d "$cache/build-XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$made'" EXIT
  go=$(find_go "versitygw $version" 1.25 "$made/go")
  GOBIN=$made GOFLAGS='-buildvcs=false -modcacherw' GOTOOLCHAIN=local CGO_ENABLED=0 \
    "$go" install "github.com/versity/versitygw/cmd/versitygw@$version" > "$made/log" 2>&1 ||
    cannot "building versitygw $version failed: $(tail -n 1 "$made/log")"
  mv "$made/versitygw" "$server"
  rm -rf "$made"
  trap - EXIT
}

[ $# -gt 0 ] || { echo "with_s3.sh: no command to run" >&2; exit 2; }
build
[ "$1" != --build ] || exit 0

home=$(mktemp -d "${TMPDIR:-/tmp}/sluice-s3-XXXXXX")
port=$("$(dirname "$0")/free_port.py")
tls_port=$("$(dirname "$0")/free_port.py")
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$home/key.pem" -out "$home/certificate.pem" 2> /dev/null
mkdir -p "$home/data/test" "$home/metadata"
export AWS_ACCESS_KEY_ID=sluice-test AWS_SECRET_ACCESS_KEY=only/for+tests
cat > "$home/control" << CONTROL
#!/usr/bin/env bash
set -uo pipefail
home=$home port=$port tls_port=$tls_port
answers() { (exec 3<> "/dev/tcp/127.0.0.1/\$1") 2> /dev/null; }
ended() { for _ in {1..600}; do kill -0 "\$1" 2> /dev/null || return 0; sleep 0.05; done; return 1; }
serve() {  # PORT [OPTION…]: on the files that all instances share
  ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY setsid "$server" --port "127.0.0.1:\$1" \\
    --virtual-domain "s3.localhost:\$1" --keep-alive --quiet "\${@:2}" posix --sidecar "\$home/metadata" "\$home/data" \\
    >> "\$home/log" 2>&1 < /dev/null &
  echo \$! > "\$home/pid-\$1"
}
end() {  # [-9]
  local each pid status=0
  for each in \$port \$tls_port; do
    pid=\$(cat "\$home/pid-\$each" 2> /dev/null) && { kill "\$@" "\$pid" 2> /dev/null; ended "\$pid"; } || status=1
  done
  return \$status
}
case "\$1" in
  start)
    serve "\$port"
    serve "\$tls_port" --cert "\$home/certificate.pem" --key "\$home/key.pem"
    for _ in {1..600}; do answers "\$port" && answers "\$tls_port" && exit 0; sleep 0.05; done
    tail -n 20 "\$home/log" >&2; exit 1 ;;
  stop) end ;;
  kill) end -9 ;;
  log) cat "\$home/log" ;;
  *) echo "stop|start|kill|log" >&2; exit 2 ;;
esac
CONTROL
chmod 755 "$home/control"

# shellcheck disable=SC2317  # called by the trap
finish() {
  "$home/control" kill || true
  rm -rf "$home"
}
trap finish EXIT
"$home/control" start

export SLUICE_TEST_S3="s3://test?endpoint=http://127.0.0.1:$port" SLUICE_TEST_S3_CONTROL=$home/control
export SLUICE_TEST_S3_TLS="s3://test?endpoint=https://127.0.0.1:$tls_port&tls_ca=$home/certificate.pem"
status=0
"$@" || status=$?
exit $status
