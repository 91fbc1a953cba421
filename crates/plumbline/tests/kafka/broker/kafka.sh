#!/usr/bin/env bash
# A real Apache Kafka from its jars on Maven Central, without containers: KRaft, every broker a controller too, on the loopback only.
#
#   kafka.sh fetch                 downloads the jars if they are missing
#   kafka.sh start 1|3             starts 1 or 3 brokers and prints their addresses; existing data stays
#   kafka.sh stop                  stops all brokers: SIGTERM, after 10 s SIGKILL
#   kafka.sh kill9|pause|resume N  SIGKILL, SIGSTOP, SIGCONT to broker N
#   kafka.sh restart N             restarts broker N after its end
#   kafka.sh bootstrap             prints the addresses
#   kafka.sh wipe                  removes the data of stopped brokers
#
# KAFKA_DIR    folder of data and logs (required, except for fetch)
# KAFKA_LIB    folder of the jars (required)
# KAFKA_PORT   of broker 1 (19092): broker N listens on N-1 more, its controller on 100 more than that, SASL over TLS on 200 more
# KAFKA_HEAP   of each broker (384m)
# KAFKA_OWNER  process id: the brokers end with that process
# KAFKA_EXTRA  further lines of server.properties, separated by `;`
# KAFKA_USERS  name=password of the user for SASL over TLS (SCRAM-SHA-256 and PLAIN); without it there is no such listener. The
#              certificate is KAFKA_DIR/ca.pem
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
die() { echo "kafka.sh: $*" >&2; exit 1; }
lib=${KAFKA_LIB:?names the folder of the jars}
port=${KAFKA_PORT:-19092}
heap=${KAFKA_HEAP:-384m}
users=${KAFKA_USERS:-}
java=${JAVA:-java}
[ "${1:-}" = fetch ] || dir=${KAFKA_DIR:?names the folder of data and logs}

fetch() {
    [ ! -e "$lib/complete" ] || return 0
    command -v mvn >/dev/null || die "no mvn found; install Maven 3 to download the jars of Apache Kafka"
    mkdir -p "$(dirname "$lib")"
    local temporary; temporary=$(mktemp -d "$lib.XXXXXX")
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$temporary" >&2 \
        || { rm -rf "$temporary"; die "Maven cannot download the jars of Apache Kafka; check the network and the settings of Maven"; }
    touch "$temporary/complete"
    # Another fetch at the same time may have finished first; the jars are the same.
    mv -T "$temporary" "$lib" 2>/dev/null || rm -rf "$temporary"
    [ -e "$lib/complete" ] || die "$lib is in the way; remove it"
}

brokers() { local d n=0; for d in "$dir"/b[0-9]*; do [ ! -d "$d" ] || n=$((n + 1)); done; echo "$n"; }
bootstrap() { local i s=; for i in $(seq 1 "$(brokers)"); do s+="${s:+,}127.0.0.1:$((port + i - 1))"; done; echo "$s"; }
pid() { local p; p=$(cat "$dir/b$1/pid" 2>/dev/null) && kill -0 "$p" 2>/dev/null && echo "$p" || true; }
running() { local p; p=$(pid "$1"); [ -n "$p" ] || die "broker $1 does not run"; echo "$p"; }

log_settings() {
    cat > "$dir/log4j2.properties" <<EOF
rootLogger.level=INFO
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.target=SYSTEM_ERR
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c{1})%n
status=off
EOF
}

# A certificate that signs itself, for 127.0.0.1.
certificate() {
    [ -z "$users" ] || [ -e "$dir/ca.pem" ] || {
        keytool -genkeypair -alias broker -keyalg EC -validity 30 -dname CN=127.0.0.1 -ext san=ip:127.0.0.1,dns:localhost \
            -storetype PKCS12 -keystore "$dir/broker.p12" -storepass plumbline 2>/dev/null
        keytool -exportcert -rfc -alias broker -keystore "$dir/broker.p12" -storepass plumbline > "$dir/ca.pem" 2>/dev/null
    }
}

# server.properties of broker $1 of $2
settings() {
    local i=$1 n=$2 d="$dir/b$1" voters= k isr=$(($2 > 1 ? $2 - 1 : 1)) open secure=
    for k in $(seq 1 "$n"); do voters+="${voters:+,}$k@127.0.0.1:$((port + 100 + k - 1))"; done
    open="PLAINTEXT://127.0.0.1:$((port + i - 1))"
    [ -z "$users" ] || secure=",SASL_SSL://127.0.0.1:$((port + 200 + i - 1))"
    mkdir -p "$d"
    cat > "$d/server.properties" <<EOF
process.roles=broker,controller
node.id=$i
controller.quorum.voters=$voters
listeners=$open,CONTROLLER://127.0.0.1:$((port + 100 + i - 1))$secure
advertised.listeners=$open$secure
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=PLAINTEXT
log.dirs=$d/log
default.replication.factor=$n
min.insync.replicas=$isr
offsets.topic.replication.factor=$n
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=$n
transaction.state.log.min.isr=$isr
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=$n
share.coordinator.state.topic.min.isr=$isr
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
background.threads=4
log.cleaner.threads=1
log.cleaner.backoff.ms=1000
log.cleaner.dedupe.buffer.size=33554432
EOF
    [ -z "$users" ] || cat >> "$d/server.properties" <<EOF
listener.name.sasl_ssl.ssl.keystore.type=PKCS12
listener.name.sasl_ssl.ssl.keystore.location=$dir/broker.p12
listener.name.sasl_ssl.ssl.keystore.password=plumbline
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${users%%=*}="${users#*=}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
EOF
    [ -z "${KAFKA_EXTRA:-}" ] || tr ';' '\n' <<<"$KAFKA_EXTRA" >> "$d/server.properties"
}

format() {
    local d="$dir/b$1" scram=()
    [ ! -f "$d/log/meta.properties" ] || return 0
    [ -z "$users" ] || scram=(--add-scram "SCRAM-SHA-256=[name=${users%%=*},password=${users#*=}]")
    "$java" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$lib/*" kafka.tools.StorageTool format \
        -t "$(cat "$dir/cluster.id")" -c "$d/server.properties" "${scram[@]}" > "$d/format.log" 2>&1 \
        || { tail -5 "$d/format.log" >&2; die "the storage of broker $1 cannot be formatted"; }
}

launch() {
    local d="$dir/b$1"
    : > "$d/server.log"
    setsid nohup "$java" -Xms"$heap" -Xmx"$heap" -XX:+UseG1GC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$dir/log4j2.properties" -cp "$lib/*" kafka.Kafka "$d/server.properties" \
        >> "$d/server.log" 2>&1 < /dev/null &
    echo $! > "$d/pid"
    [ -z "${KAFKA_OWNER:-}" ] || watch $! "$KAFKA_OWNER"
}

# Kills process $1 after the end of process $2, even after a crash.
watch() {
    setsid nohup bash -c 'while kill -0 "$1" 2>/dev/null; do kill -0 "$2" 2>/dev/null || kill -9 "$1"; sleep 1; done' _ "$1" "$2" \
        > /dev/null 2>&1 < /dev/null &
}

listens() { (exec 3<>/dev/tcp/127.0.0.1/"$1") 2>/dev/null; }

# A broker opens its listener only after it has caught up with the metadata.
ready() {
    local i began=$SECONDS
    for i in "$@"; do
        until listens $((port + i - 1)) && grep -q 'Kafka Server started' "$dir/b$i/server.log"; do
            [ -n "$(pid "$i")" ] || { tail -5 "$dir/b$i/server.log" >&2; die "broker $i ended"; }
            [ $((SECONDS - began)) -lt 180 ] || die "broker $i is not ready after 180 s; see $dir/b$i/server.log"
            sleep 0.1
        done
    done
}

case "${1:-}" in
fetch) fetch ;;
start)
    n=${2:-1}
    fetch
    mkdir -p "$dir"
    have=$(brokers)
    [ "$have" = 0 ] || [ "$have" = "$n" ] || die "$dir holds $have brokers; wipe them first"
    # An id with a leading dash would be an option to the tool.
    [ -e "$dir/cluster.id" ] || head -c16 /dev/urandom | base64 | tr '+/' 'xy' | tr -d '=' > "$dir/cluster.id"
    log_settings
    certificate
    for i in $(seq 1 "$n"); do settings "$i" "$n"; done
    for i in $(seq 1 "$n"); do [ -n "$(pid "$i")" ] || { format "$i"; launch "$i"; }; done
    # shellcheck disable=SC2046 # one word a broker
    ready $(seq 1 "$n")
    bootstrap
    ;;
stop)
    for i in $(seq 1 "$(brokers)"); do p=$(pid "$i"); [ -z "$p" ] || { kill -CONT "$p"; kill -TERM "$p"; }; done
    for i in $(seq 1 "$(brokers)"); do
        for _ in $(seq 1 100); do [ -n "$(pid "$i")" ] || break; sleep 0.1; done
        p=$(pid "$i"); [ -z "$p" ] || kill -9 "$p"
        rm -f "$dir/b$i/pid"
    done
    ;;
kill9) kill -9 "$(running "$2")" ;;
pause) kill -STOP "$(running "$2")" ;;
resume) kill -CONT "$(running "$2")" ;;
restart) [ -z "$(pid "$2")" ] || die "broker $2 runs"; launch "$2"; ready "$2" ;;
bootstrap) bootstrap ;;
wipe)
    for i in $(seq 1 "$(brokers)"); do [ -z "$(pid "$i")" ] || die "broker $i runs; stop it first"; done
    rm -rf "$dir"/b[0-9]* "$dir/cluster.id" "$dir/ca.pem" "$dir/broker.p12"
    ;;
*) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
