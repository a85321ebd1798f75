#!/usr/bin/env bash
# Installs what the build (and with "test" also the tests) needs from the distribution, on any
# Debian-like machine. Asks for nothing it already has, so a second run takes no time.
set -euo pipefail

# The media libraries we link, and the tools that find and assemble them.
build_packages=(
  pkg-config nasm
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev
)
# The simulator encodes its clips with the ffmpeg program.
run_packages=(ffmpeg)
test_packages=(chromium espeak-ng postgresql)

packages=("${build_packages[@]}" "${run_packages[@]}")
if [ "${1:-}" = test ]; then packages+=("${test_packages[@]}"); fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ "${#missing[@]}" -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "bootstrap: this script knows Debian-like systems only; please install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "bootstrap: needs root to install: ${missing[*]}" >&2
      echo "bootstrap: run 'apt-get install ${missing[*]}' as root, then try again" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "bootstrap: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  # A cluster of the distribution's own would only be in the way; tests make private ones.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

for tool in cargo node npm python3 cc; do
  if ! command -v "$tool" >/dev/null; then
    echo "bootstrap: '$tool' is not on the path; see README.md, 'What must be there'" >&2
    exit 1
  fi
done

# Cargo's own tools are built from source where no package brought them.
if [ "${1:-}" = test ]; then
  for tool in cargo-nextest@0.9.143 cargo-deny@0.20.2; do
    if ! command -v "${tool%@*}" >/dev/null; then
      echo "bootstrap: building ${tool%@*} (once, some minutes)"
      cargo install --locked "$tool"
    fi
  done
fi
