#!/usr/bin/env bash
# Durable creates a second, beside what this machine can do at best, with a release build:
#   scripts/bench-ledger.sh [seconds of each row]
# Nothing about speed is asserted; wrong books fail. PostgreSQL runs in a private cluster that
# syncs to the disk, and is left out (and said to be) where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-8}

# The program calls this script for what PostgreSQL's own programs tell.
case ${1:-} in
  simple-update)
    exec "$PG_BIN/pgbench" -h "$PG_SOCKET" -U postgres -N -n -c "$2" -j 2 -T "$3" pgbench 2>/dev/null
    ;;
  rollbacks)
    exec "$PG_BIN/psql" -h "$PG_SOCKET" -U postgres -At -c \
      "SELECT xact_rollback FROM pg_stat_database WHERE datname = 'zhenren'"
    ;;
esac

cargo build --release --quiet --package zhenren --package zhenren-bench
target/release/zhenren models import

work=$(mktemp -d)
postgres=
cleanup() {
  if [ -n "$postgres" ]; then kill -QUIT "$postgres" 2>/dev/null || true; wait "$postgres" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

printf '\n== machine\n'
grep -m1 'model name' /proc/cpuinfo || true
printf '%s processors, %s\n' "$(nproc)" "$(uname -r)"
printf 'load %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
date -u +%F

# PostgreSQL refuses to run as root; root hands it to the account that its package made.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}
arguments=()
PG_BIN=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -1)
if [ -n "$PG_BIN" ]; then
  PG_SOCKET=$work
  export PG_BIN PG_SOCKET
  if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
  chmod 700 "$work"
  as_postgres "$PG_BIN/initdb" -D "$work/data" -U postgres --auth=trust --encoding=UTF8 --no-locale >/dev/null
  # Everything as it comes, fsync and all, but no port.
  as_postgres "$PG_BIN/postgres" -D "$work/data" -k "$work" -c listen_addresses= >"$work/log" 2>&1 &
  postgres=$!
  until "$PG_BIN/pg_isready" -q -h "$work"; do kill -0 "$postgres"; sleep 0.1; done
  "$PG_BIN/createdb" -h "$work" -U postgres zhenren
  "$PG_BIN/createdb" -h "$work" -U postgres pgbench
  "$PG_BIN/pgbench" -h "$work" -U postgres -i -q -s 10 pgbench 2>/dev/null
  "$PG_BIN/postgres" --version
  arguments=(--postgres "postgres://postgres@localhost/zhenren?host=$work" --pgbench "$PWD/scripts/bench-ledger.sh")
else
  echo 'SKIPPED: no PostgreSQL; SQLite is measured alone'
fi

printf '\n== durable create\n'
target/release/zhenren-bench run --seconds "$seconds" "${arguments[@]}"
