#!/usr/bin/env bash
# A private queue server for tests: starts ElasticMQ, which speaks Amazon SQS's protocol and keeps its queues in memory,
# on a free loopback port, runs COMMAND with SLUICE_TEST_SQS (the URL of a queue) and credentials set, and takes
# everything away again. ElasticMQ looks at no signature.
#
# with_sqs.sh COMMAND…
# The environment also gets SLUICE_TEST_SQS_CONTROL, a command that takes stop|start|kill|log.
# Its jars come from Maven Central once and are kept under ${XDG_CACHE_HOME:-~/.cache}/sluice; their SHA-256 is checked.
# Where it cannot be had, COMMAND runs without, and its tests are skipped; with CI=true that is a failure.
set -euo pipefail

version=1.7.1
# sha256sum of what `sha256sum *.jar` says, in the C locale
pinned=6575f6e1f7968c697f27ccd9cfc52c3cf0e49af40ae28228a85e835b7c0840bc
jars=${XDG_CACHE_HOME:-$HOME/.cache}/sluice/elasticmq-$version

[ $# -gt 0 ] || { echo "with_sqs.sh: no command to run" >&2; exit 2; }

is_right() {
  [ -d "$1" ] && [ "$(cd "$1" && LC_ALL=C && sha256sum -- *.jar 2> /dev/null | sha256sum | cut -d' ' -f1)" = $pinned ]
}

fetch() {
  local making=$jars.$$
  mkdir -p "$making"
  cat > "$making/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId><version>$version</version>
  </dependency></dependencies>
</project>
POM
  if mvn -q -B -f "$making/pom.xml" dependency:copy-dependencies -DoutputDirectory="$making/jars" > "$making/log" 2>&1 &&
    is_right "$making/jars"; then
    rm -rf "$jars"
    mv "$making/jars" "$jars"
  else
    tail -n 5 "$making/log" >&2
  fi
  rm -rf "$making"
}

why=
if ! command -v java > /dev/null; then
  why="java is not installed (apt-get install default-jre-headless)"
elif ! is_right "$jars"; then
  if command -v mvn > /dev/null; then fetch; else why="mvn is not installed (apt-get install maven)"; fi
  [ -n "$why" ] || is_right "$jars" || why="ElasticMQ $version cannot be had from Maven Central"
fi
if [ -n "$why" ]; then
  if [ "${CI:-}" = true ]; then
    echo "with_sqs.sh: FAILED, because there is no ElasticMQ: $why" >&2
    exit 2
  fi
  echo "with_sqs.sh: the tests of SQS are SKIPPED, because there is no ElasticMQ: $why" >&2
  exec "$@"
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/sluice-sqs-XXXXXX")
port=$("$(dirname "$0")/free_port.py")
cat > "$home/control" << CONTROL
#!/usr/bin/env bash
set -uo pipefail
home=$home port=$port
ended() { for _ in {1..600}; do kill -0 "\$1" 2> /dev/null || return 0; sleep 0.05; done; return 1; }
case "\$1" in
  start)
    # One compiler and one collector: it starts sooner, and leaves the cores to what is tested.
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -Dnode-address.host=127.0.0.1 -Dnode-address.port=\$port \\
      -Drest-sqs.bind-hostname=127.0.0.1 -Drest-sqs.bind-port=\$port -Drest-stats.enabled=false \\
      -cp "$jars/*" org.elasticmq.server.Main >> "\$home/log" 2>&1 < /dev/null &
    echo \$! > "\$home/pid"
    for _ in {1..1200}; do
      curl -s -o "\$home/answer" "http://127.0.0.1:\$port/" && exit 0
      kill -0 \$! 2> /dev/null || break
      sleep 0.05
    done
    tail -n 20 "\$home/log" >&2; exit 1 ;;
  stop) pid=\$(cat "\$home/pid" 2> /dev/null) && { kill "\$pid" 2> /dev/null; ended "\$pid"; } ;;
  kill) pid=\$(cat "\$home/pid" 2> /dev/null) && { kill -9 "\$pid" 2> /dev/null; ended "\$pid"; } ;;
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

export SLUICE_TEST_SQS="sqs://sluice?region=elasticmq&endpoint=http://127.0.0.1:$port" SLUICE_TEST_SQS_CONTROL=$home/control
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-tests}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-tests}"
status=0
"$@" || status=$?
exit $status
