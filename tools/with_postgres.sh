#!/usr/bin/env bash
# A private PostgreSQL for tests and benchmarks: starts a server of its own on a free loopback port, in a
# temporary directory, runs COMMAND with PGHOST, PGPORT, PGUSER, PGDATABASE and SLUICE_TEST_POSTGRES (its URL) set,
# and takes everything away again.
#
# with_postgres.sh [-c SETTING=VALUE]… [--data DIR] COMMAND…
#   -c SETTING=VALUE   a setting of the server's (postgresql.conf)
#   --data DIR         where the server's files are put; default: a temporary directory
# The server runs as an unprivileged user, as PostgreSQL demands. The environment also gets
# SLUICE_TEST_POSTGRES_CONTROL, a command that takes stop|start|kill|status|log.
set -euo pipefail

settings=() data=
while [ $# -gt 0 ]; do
  case "$1" in
    -c) settings+=("$2"); shift 2 ;;
    --data) data=$2; shift 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { echo "with_postgres.sh: no command to run" >&2; exit 2; }

bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2> /dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || { echo "PostgreSQL's server is not installed (apt-get install postgresql)" >&2; exit 2; }

home=$(mktemp -d "${data:-${TMPDIR:-/tmp}}/sluice-postgres-XXXXXX")
chmod 755 "$home"
run=()  # PostgreSQL refuses to run as root
if [ "$(id -u)" -eq 0 ]; then
  id postgres > /dev/null 2>&1 || useradd --system postgres
  chown postgres "$home"
  run=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)
fi

server() {  # server stop|start|kill|status|log
  case "$1" in
    start) "${run[@]}" "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 300 start > "$home/pg_ctl.log" 2>&1 || {
             tail -n 20 "$home/log" "$home/pg_ctl.log" >&2; return 1; } ;;
    stop) "${run[@]}" "$bin/pg_ctl" -D "$home/data" -m fast -w stop > /dev/null 2>&1 ;;
    kill) "${run[@]}" "$bin/pg_ctl" -D "$home/data" -m immediate -w stop > /dev/null 2>&1 ;;
    status) "${run[@]}" "$bin/pg_ctl" -D "$home/data" status > /dev/null 2>&1 ;;
    log) cat "$home/log" ;;
    *) echo "server stop|start|kill|status|log" >&2; return 2 ;;
  esac
}

# shellcheck disable=SC2317  # called by the trap
finish() {
  if server status; then server kill || true; fi
  rm -rf "$home"
}
trap finish EXIT

"${run[@]}" "$bin/initdb" -D "$home/data" -U sluice -A trust -E UTF8 --locale=C.UTF-8 --no-sync > "$home/initdb.log" 2>&1 ||
  { cat "$home/initdb.log" >&2; exit 1; }
port=$("$(dirname "$0")/free_port.py")
{
  echo "listen_addresses = '127.0.0.1'"
  echo "unix_socket_directories = ''"
  echo "port = $port"
  for setting in ${settings[@]+"${settings[@]}"}; do echo "${setting%%=*} = '${setting#*=}'"; done
} >> "$home/data/postgresql.conf"
server start

cat > "$home/control" << CONTROL
#!/usr/bin/env bash
set -uo pipefail
home=$home bin=$bin run=(${run[*]@Q})
$(declare -f server)
server "\$1"
CONTROL
chmod 755 "$home/control"

PGHOST=127.0.0.1 PGPORT=$port PGUSER=sluice PGDATABASE=postgres
export PGHOST PGPORT PGUSER PGDATABASE
export SLUICE_TEST_POSTGRES=postgresql://sluice@127.0.0.1:$PGPORT/postgres
export SLUICE_TEST_POSTGRES_CONTROL=$home/control
status=0
"$@" || status=$?
exit $status
