#!/usr/bin/env bash
# A private server of MongoDB's protocol for tests and benchmarks: gets it once into the cache folder, starts one on free
# loopback ports with its files in a temporary directory, runs COMMAND with SLUICE_TEST_MONGO (its URL) set, and takes
# everything away again.
#
# with_mongo.sh [--server ferretdb|java] COMMAND…
#   ferretdb   FerretDB on SQLite, built of Go modules: users and passwords, TLS, and a wire version that today's clients
#              take. No Decimal128 (it drops the connection); an unordered bulk stops at its first error and miscounts; it
#              LOSES updates that meet on one document, so give each document one writer.
#   java       mongo-java-server, out of Maven Central: updates are atomic, Decimal128 and unordered bulks are as MongoDB's.
#              TLS, but no users; wire version 4.0; an ordered bulk does not stop at an error.
#   Both keep what they acknowledged through kill -9, take any write concern, and have no transactions.
# with_mongo.sh [--server …] --build     only gets the server; where it cannot, says why in one line and exits with status 3
# The environment also gets SLUICE_TEST_MONGO_TLS, the same server with TLS, and SLUICE_TEST_MONGO_CONTROL, a command that
# takes stop|start|kill|log. With ferretdb, which says that it is the primary of a set of one, also SLUICE_TEST_MONGO_SET: the
# URL of the replica set.
set -euo pipefail

server=ferretdb
version=v1.24.2
# What the module's files hash to, as in a go.sum; its own go.sum pins the rest.
pinned=h1:trrUU0LbmusMbyubhPS1IELncvrIwKrsRT2LW1UUWCw=
java_version=1.46.0
# sha256sum of what `sha256sum *.jar` says, in the C locale
pinned_jars=aae8a28ee43c1c196db0e2570937246f88017dab79d1edc989842a3509e3a107
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice
ferretdb=$cache/ferretdb-$version/ferretdb
jars=$cache/mongo-java-server-$java_version

cannot() { echo "no MongoDB server for the tests: $1" >&2; exit 3; }
# shellcheck source=tools/find_go.sh
. "$(dirname "$0")/find_go.sh"

# The module is built as a main module of its own: then its go.sum counts, and it knows its version.
build_ferretdb() {
  [ -x "$ferretdb" ] && return
  mkdir -p "${ferretdb%/*}"
  local made go module
  made=$(mktemp -d "${ferretdb%/*}/build-XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$made'" EXIT
  go=$(find_go "FerretDB $version" 1.24 "$made/go")
  export GOFLAGS='-buildvcs=false -modcacherw' GOTOOLCHAIN=local CGO_ENABLED=0
  (cd "$made" && "$go" mod download -json "github.com/FerretDB/FerretDB@$version") > "$made/module" 2> "$made/log" ||
    cannot "fetching FerretDB $version failed: $(tail -n 1 "$made/log")"
  grep -qF "\"Sum\": \"$pinned\"" "$made/module" || cannot "FerretDB $version is not what it was: its checksum differs"
  module=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' "$made/module")
  cp -r "$module" "$made/source"
  chmod -R u+w "$made/source"
  echo "$version" > "$made/source/build/version/version.txt"
  (cd "$made/source" && "$go" build -trimpath -tags ferretdb_no_postgresql -o "$made/ferretdb" ./cmd/ferretdb) > "$made/log" 2>&1 ||
    cannot "building FerretDB $version failed: $(tail -n 1 "$made/log")"
  mv "$made/ferretdb" "$ferretdb"
  rm -rf "$made"
  trap - EXIT
}

are_right() {
  [ -d "$1" ] && [ "$(cd "$1" && LC_ALL=C && sha256sum -- *.jar 2> /dev/null | sha256sum | cut -d' ' -f1)" = $pinned_jars ]
}

fetch_java() {
  command -v java > /dev/null || cannot "java is not installed (apt-get install default-jre-headless)"
  are_right "$jars" && return
  command -v mvn > /dev/null || cannot "mvn is not installed (apt-get install maven)"
  mkdir -p "$cache"
  local made
  made=$(mktemp -d "$jars.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$made'" EXIT
  cat > "$made/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server-h2-backend</artifactId><version>$java_version</version>
  </dependency></dependencies>
</project>
POM
  mvn -q -B -f "$made/pom.xml" dependency:copy-dependencies -DoutputDirectory="$made/jars" > "$made/log" 2>&1 ||
    cannot "mongo-java-server $java_version cannot be had from Maven Central: $(tail -n 1 "$made/log")"
  are_right "$made/jars" || cannot "mongo-java-server $java_version is not what it was: its checksum differs"
  rm -rf "$jars"
  mv "$made/jars" "$jars"
  rm -rf "$made"
  trap - EXIT
}

if [ "${1:-}" = --server ]; then
  server=${2:-}
  shift 2 || shift $#
fi
[ $# -gt 0 ] || { echo "with_mongo.sh: no command to run" >&2; exit 2; }
case $server in
  ferretdb) build_ferretdb ;;
  java) fetch_java ;;
  *) echo "with_mongo.sh: there is no server $server; take ferretdb or java" >&2; exit 2 ;;
esac
[ "$1" != --build ] || exit 0

here=$(cd "$(dirname "$0")" && pwd)
home=$(mktemp -d "${TMPDIR:-/tmp}/sluice-mongo-XXXXXX")
# shellcheck disable=SC2317  # called by the trap
finish() {
  [ ! -x "$home/control" ] || "$home/control" kill || true
  rm -rf "$home"
}
trap finish EXIT
port=$("$here/free_port.py")
tls_port=$("$here/free_port.py")
mkdir "$home/data" "$home/state"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$home/key.pem" -out "$home/certificate.pem" 2> /dev/null
if [ "$server" = ferretdb ]; then
  user=tester:p%40ss@
  # Users are on trial in this version, hence the options' name.
  run=("$ferretdb" --handler sqlite --sqlite-url "file:$home/data/" --state-dir "$home/state"
    --listen-addr "127.0.0.1:$port" --listen-tls "127.0.0.1:$tls_port" --listen-tls-cert-file "$home/certificate.pem"
    --listen-tls-key-file "$home/key.pem" --debug-addr - --telemetry disable --log-level error
    --repl-set-name set --test-enable-new-auth --setup-database admin --setup-username tester --setup-password 'p@ss')
else
  user=
  all_jars=$(printf '%s:' "$jars"/*.jar)
  java -m jdk.compiler/com.sun.tools.javac.Main -cp "$all_jars" -d "$home/classes" "$here/mongo_server.java"
  # One compiler and one collector: it starts sooner, and leaves the cores to what is tested.
  run=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp "$all_jars$home/classes" Serve
    "$home/data/h2" "$port" "$tls_port" "$home/key.pem" "$home/certificate.pem")
fi
cat > "$home/control" << CONTROL
#!/usr/bin/env bash
set -uo pipefail
home=$home
run=(${run[*]@Q})
answers() { (exec 3<> /dev/tcp/127.0.0.1/$port 4<> /dev/tcp/127.0.0.1/$tls_port) 2> /dev/null; }
ended() { for _ in {1..600}; do kill -0 "\$1" 2> /dev/null || return 0; sleep 0.05; done; return 1; }
case "\$1" in
  start)
    setsid "\${run[@]}" >> "\$home/log" 2>&1 < /dev/null &
    echo \$! > "\$home/pid"
    for _ in {1..1200}; do answers && exit 0; kill -0 \$! 2> /dev/null || break; sleep 0.05; done
    tail -n 20 "\$home/log" >&2; exit 1 ;;
  stop) pid=\$(cat "\$home/pid" 2> /dev/null) && { kill "\$pid" 2> /dev/null; ended "\$pid"; } ;;
  kill) pid=\$(cat "\$home/pid" 2> /dev/null) && { kill -9 "\$pid" 2> /dev/null; ended "\$pid"; } ;;
  log) cat "\$home/log" ;;
  *) echo "stop|start|kill|log" >&2; exit 2 ;;
esac
CONTROL
chmod 755 "$home/control"

"$home/control" start

export SLUICE_TEST_MONGO="mongodb://${user}127.0.0.1:$port/test?authSource=admin" SLUICE_TEST_MONGO_CONTROL=$home/control
export SLUICE_TEST_MONGO_TLS="mongodb://${user}127.0.0.1:$tls_port/test?authSource=admin&tls=true&tlsCAFile=$home/certificate.pem"
if [ "$server" = ferretdb ]; then export SLUICE_TEST_MONGO_SET="$SLUICE_TEST_MONGO&replicaSet=set"; fi
status=0
"$@" || status=$?
exit $status
