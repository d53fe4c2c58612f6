#!/usr/bin/env bash
# A private Redis for tests and benchmarks: starts a server of its own on a free loopback port, with its files in a
# temporary directory, runs COMMAND with SLUICE_TEST_REDIS (its URL) set, and takes everything away again.
#
# with_redis.sh [--OPTION VALUE]… COMMAND…
#   --OPTION VALUE   what redis-server takes, for instance --appendonly yes
# The environment also gets SLUICE_TEST_REDIS_TLS, the same server with TLS, a user and a database of its own, and
# SLUICE_TEST_REDIS_CONTROL, a command that takes stop|start|kill|log.
set -euo pipefail

options=()
while [ $# -gt 1 ] && [[ $1 == --* ]]; do
  options+=("$1" "$2")
  shift 2
done
[ $# -gt 0 ] || { echo "with_redis.sh: no command to run" >&2; exit 2; }
command -v redis-server > /dev/null || { echo "Redis is not installed (apt-get install redis-server)" >&2; exit 2; }

home=$(mktemp -d "${TMPDIR:-/tmp}/sluice-redis-XXXXXX")
port=$("$(dirname "$0")/free_port.py")
tls_port=$("$(dirname "$0")/free_port.py")
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$home/key.pem" -out "$home/certificate.pem" 2> /dev/null
options+=(--tls-port "$tls_port" --tls-cert-file "$home/certificate.pem" --tls-key-file "$home/key.pem"
  --tls-ca-cert-file "$home/certificate.pem" --tls-auth-clients no --user tester on '>p@ss' '~*' '&*' +@all)
cat > "$home/control" << CONTROL
#!/usr/bin/env bash
set -uo pipefail
home=$home port=$port
options=(${options[*]@Q})
ask() { redis-cli -h 127.0.0.1 -p "\$port" "\$@" > /dev/null 2>&1; }
ended() { for _ in {1..600}; do kill -0 "\$1" 2> /dev/null || return 0; sleep 0.05; done; return 1; }
case "\$1" in
  start)
    redis-server --bind 127.0.0.1 --port "\$port" --dir "\$home" --daemonize yes --pidfile "\$home/pid" --logfile "\$home/log" \\
      --save '' "\${options[@]}" > /dev/null
    for _ in {1..600}; do ask -e ping && exit 0; sleep 0.05; done  # not while it is loading
    tail -n 20 "\$home/log" >&2; exit 1 ;;
  stop) pid=\$(cat "\$home/pid" 2> /dev/null) && { ask shutdown nosave || true; ended "\$pid"; } ;;
  kill) pid=\$(cat "\$home/pid" 2> /dev/null) && { kill -9 "\$pid"; ended "\$pid"; } ;;
  log) cat "\$home/log" ;;
  *) echo "stop|start|kill|log" >&2; exit 2 ;;
esac
CONTROL
chmod 755 "$home/control"

# shellcheck disable=SC2317  # called by the trap
finish() {
  "$home/control" kill 2> /dev/null || true
  rm -rf "$home"
}
trap finish EXIT
"$home/control" start

export SLUICE_TEST_REDIS=redis://127.0.0.1:$port SLUICE_TEST_REDIS_CONTROL=$home/control
export SLUICE_TEST_REDIS_TLS="rediss://tester:p%40ss@127.0.0.1:$tls_port/3?tls_ca=$home/certificate.pem"
status=0
"$@" || status=$?
exit $status
