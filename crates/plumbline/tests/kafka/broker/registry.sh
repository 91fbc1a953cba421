#!/usr/bin/env bash
# A real schema registry from Maven Central, without containers: Apicurio, which speaks Confluent's API under /apis/ccompat/v7. Its
# schemas are in memory, so it is empty after each start. On the loopback only.
#
#   registry.sh fetch     downloads the program if it is missing
#   registry.sh start     starts it, prints its base URL
#   registry.sh stop      stops it: SIGTERM, after 10 s SIGKILL
#
# REGISTRY_DIR     folder of the process id and the log (required, except for fetch)
# REGISTRY_LIB     folder of the program (required)
# REGISTRY_PORT    (18081); its management listens on one more
# REGISTRY_HEAP    (256m)
# REGISTRY_OWNER   process id: the registry ends with that process
set -euo pipefail
die() { echo "registry.sh: $*" >&2; exit 1; }
lib=${REGISTRY_LIB:?names the folder of the program}
port=${REGISTRY_PORT:-18081}
java=${JAVA:-java}
# The newest version for Java 17.
version=3.0.9
[ "${1:-}" = fetch ] || dir=${REGISTRY_DIR:?names the folder of the process id and the log}

fetch() {
    [ ! -e "$lib/complete" ] || return 0
    command -v mvn >/dev/null || die "no mvn found; install Maven 3 to download the schema registry"
    mkdir -p "$(dirname "$lib")"
    local temporary; temporary=$(mktemp -d "$lib.XXXXXX")
    mvn -q -B dependency:copy -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all" -DoutputDirectory="$temporary/packed" >&2 \
        && tar xzf "$temporary"/packed/*.tar.gz -C "$temporary" \
        || { rm -rf "$temporary"; die "Maven cannot download the schema registry; check the network and the settings of Maven"; }
    rm -r "$temporary/packed"
    touch "$temporary/complete"
    # Another fetch at the same time may have finished first; the program is the same.
    mv -T "$temporary" "$lib" 2>/dev/null || rm -rf "$temporary"
    [ -e "$lib/complete" ] || die "$lib is in the way; remove it"
}

pid() { local p; p=$(cat "$dir/pid" 2>/dev/null) && kill -0 "$p" 2>/dev/null && echo "$p" || true; }

# Kills process $1 after the end of process $2, even after a crash.
watch() {
    setsid nohup bash -c 'while kill -0 "$1" 2>/dev/null; do kill -0 "$2" 2>/dev/null || kill -9 "$1"; sleep 1; done' _ "$1" "$2" \
        > /dev/null 2>&1 < /dev/null &
}

answers() {
    exec 3<>/dev/tcp/127.0.0.1/"$port" || return 1
    printf 'GET /apis/ccompat/v7/subjects HTTP/1.0\r\n\r\n' >&3
    head -1 <&3 | grep -q ' 200 '
}

case "${1:-}" in
fetch) fetch ;;
start)
    fetch
    mkdir -p "$dir"
    [ -z "$(pid)" ] || die "it runs; stop it first"
    jar=$(find "$lib" -maxdepth 1 -name "apicurio-registry-app-*.jar" -print -quit)
    setsid nohup "$java" -Xmx"${REGISTRY_HEAP:-256m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
        -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port=$((port + 1)) \
        -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 -jar "${jar:?no program in $lib}" > "$dir/log" 2>&1 < /dev/null &
    echo $! > "$dir/pid"
    [ -z "${REGISTRY_OWNER:-}" ] || watch $! "$REGISTRY_OWNER"
    began=$SECONDS
    until (answers) 2>/dev/null; do
        [ -n "$(pid)" ] || { tail -5 "$dir/log" >&2; die "the registry ended"; }
        [ $((SECONDS - began)) -lt 180 ] || die "the registry is not ready after 180 s; see $dir/log"
        sleep 0.2
    done
    echo "http://127.0.0.1:$port/apis/ccompat/v7"
    ;;
stop)
    p=$(pid)
    [ -z "$p" ] || kill -TERM "$p"
    for _ in $(seq 1 100); do [ -n "$(pid)" ] || break; sleep 0.1; done
    p=$(pid); [ -z "$p" ] || kill -9 "$p"
    rm -f "$dir/pid"
    ;;
*) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
