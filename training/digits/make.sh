#!/bin/sh
# Trains the digit recogniser and writes it as ONNX: make.sh DATA WORK OUT.onnx [options of train.py].
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1 work=$2 out=$3
shift 3
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
nice -n 12 python "$here/train.py" --data "$data" --work "$work" --processes 1 \
    --steps 4000 --turn 3400 --stop 3600 --rate 2e-3 "$@"
python "$here/export.py" --work "$work" --to "$out"
