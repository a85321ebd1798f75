#!/usr/bin/env bash
# Makes the numbers of docs/PERFORMANCE.md again, on this machine, with a release build:
#   scripts/bench.sh [verifications]
# Nothing is asserted; the output is for reading.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-100}
binary=target/release/zhenren
port=8719
work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

cargo build --release --quiet --package zhenren
cargo build --release --quiet --package zhenren-media --example decode_cost
cargo build --release --quiet --package zhenren-biometrics --example measure_cost
"$binary" models import

printf '\n== machine\n'
grep -m1 'model name' /proc/cpuinfo || true
uname -r
printf 'load %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"

printf '\n== binary\n'
stat --printf '%s bytes\n' "$binary"

printf '\n== decoding, 6 s of 480x640 (worker and parent CPU)\n'
target/release/examples/decode_cost 10
printf '\n== measuring, 90 frames of 480x640 (one thread)\n'
target/release/examples/measure_cost runtime/models 10

# Starts the server in the background and prints how long it took to be ready.
start() {
  local began ended
  began=$(date +%s%N)
  ZHENREN_SERVER_BIND="127.0.0.1:$port" \
    ZHENREN_DATABASE_URL="sqlite:$work/data/zhenren.db" \
    ZHENREN_VAULT_MASTER_KEY_FILE="$work/data/master.key" \
    ZHENREN_EVIDENCE_DIRECTORY="$work/data/evidence" \
    ZHENREN_LIMITS_IDENTITY_DAY_MAX=0 \
    ZHENREN_LIMITS_ADDRESS_HOUR_MAX=0 \
    ZHENREN_LOG_FILTER=warn \
    "$binary" --profile development all >"$work/log" 2>&1 &
  server=$!
  until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; do
    kill -0 "$server" || { cat "$work/log"; exit 1; }
    sleep 0.02
  done
  ended=$(date +%s%N)
  printf '%s: ready after %d ms\n' "$1" $(((ended - began) / 1000000))
}
memory() { awk -v label="$1" '/^VmRSS/ { printf "%s: %d MiB\n", label, $2 / 1024 }' "/proc/$server/status"; }

printf '\n== start-up\n'
start 'first start'
kill "$server" && wait "$server" || true
start 'second start'

# CPU milliseconds of the server and of the decode workers it has seen end.
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15 + $16 + $17) * 1000 / hz }' "/proc/$server/stat"; }

printf '\n== resident memory of the server, %s verifications\n' "$count"
cpu_before=$(cpu_ms)
memory 'after start'
# Two drivers side by side: a capture takes its time, and the server has more than one guest.
half=$(((count + 7) / 8))
for quarter in 1 2 3 4; do
  drivers=()
  for side in 0 1; do
    "$binary" simulate --demo-file "$work/data/demo.json" --subject bona-fide -n "$half" \
      --seed "$((side == 0 ? 15 : 20))" --behaviour "$((quarter * count))" --fps 30 \
      >"$work/table.$side" &
    drivers+=($!)
  done
  for driver in "${drivers[@]}"; do wait "$driver" || echo 'not every outcome was as expected'; done
  memory "after $((quarter * 2 * half))"
done
printf 'CPU of server and decode workers, each verification: %d ms\n' \
  $((($(cpu_ms) - cpu_before) / (8 * half)))
cat "$work"/table.*
