#!/usr/bin/env bash
# Installs what Goldpan needs, builds it, and fetches the default data. Safe to run again: it does only what is missing.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./setup.sh [options]

Installs Debian packages (with sudo where needed), builds the release preset, and gets CIFAR-10. Everything that is there already is
left alone. Without a network it goes on with what it has; Fashion-MNIST comes as a Debian package.

  --packages-only    install packages, nothing else
  --no-data          do not fetch data (script/test uses this)
  --cifar10 PATH     use a local CIFAR-10: the folder cifar-10-batches-bin, the archive cifar-10-binary.tar.gz, a folder of
                     images train/CLASS/*.jpg, or an archive of such a folder
  --dev              also what developers and CI need: clang-format, clang-tidy, benchmarks
  --torch            also libtorch, and build goldpan::vision (DINOv2, ResNet-18)
  --help             this text

Example: ./setup.sh --cifar10 ~/downloads/cifar-10-binary.tar.gz
TEXT
}

# Published with the data set, for the binary version.
cifar10_url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
cifar10_md5=c32a1d4ab5d03f1284b67883e8d87530

packages=(
  build-essential cmake ninja-build pkg-config ccache git ca-certificates curl python3
  python3-dev python3-venv
  libopenblas-dev libhwy-dev libfaiss-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev libsqlite3-dev
  libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev
  libgtest-dev libgmock-dev gnuplot-nox fonts-dejavu-core dataset-fashion-mnist
)
dev_packages=(clang-format clang-tidy libbenchmark-dev sqlite3)
torch_packages=(libtorch-dev)

fetch_data=yes build=yes dev=no torch=no cifar10=
while [ $# -gt 0 ]; do
  case "$1" in
    --packages-only) build=no fetch_data=no ;;
    --no-data) fetch_data=no ;;
    --dev) dev=yes ;;
    --torch) torch=yes ;;
    --cifar10)
      [ $# -ge 2 ] || { echo "setup.sh: --cifar10 needs a path" >&2; exit 2; }
      cifar10=$2
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
[ "$dev" = no ] || packages+=("${dev_packages[@]}")
[ "$torch" = no ] || packages+=("${torch_packages[@]}")

say() { printf 'setup: %s\n' "$*"; }

install_packages() {
  local missing=() name
  for name in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "all ${#packages[@]} packages are installed"
    return
  fi
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

build_release() {
  local options=()
  [ "$torch" = no ] || options+=(-DGOLDPAN_WITH_TORCH=ON)
  cmake --preset release "${options[@]}" >/dev/null
  cmake --build --preset release
  say "built build/release/apps/goldpan/goldpan"
}

have_cifar10() { [ -f data/cifar-10-batches-bin/test_batch.bin ] || [ -d data/cifar10/train ]; }

# A local copy is linked or unpacked into data/, never changed.
use_local_cifar10() {
  local path=$1 top
  [ -e "$path" ] || { echo "setup.sh: --cifar10 $path does not exist" >&2; exit 1; }
  mkdir -p data
  if [ -f "$path" ]; then
    top=$(tar tf "$path" | head -n 1 | cut -d/ -f1)
    case "$top" in
      cifar-10-batches-bin | cifar10) tar xf "$path" -C data ;;
      *) echo "setup.sh: $path holds neither cifar-10-batches-bin nor cifar10" >&2; exit 1 ;;
    esac
  elif [ -f "$path/test_batch.bin" ]; then
    ln -sfn "$(realpath "$path")" data/cifar-10-batches-bin
  elif [ -d "$path/train" ]; then
    ln -sfn "$(realpath "$path")" data/cifar10
  else
    echo "setup.sh: $path holds neither test_batch.bin nor train/" >&2
    exit 1
  fi
}

fetch_cifar10() {
  mkdir -p data
  local archive=data/cifar-10-binary.tar.gz
  say "fetching CIFAR-10 (162 MB) from its official address"
  if ! curl --fail --location --silent --show-error --connect-timeout 10 --max-time 900 \
    --output "$archive.part" "$cifar10_url"; then
    rm -f "$archive.part"
    say "CIFAR-10 cannot be fetched here; going on without it (--cifar10 PATH uses a local copy)"
    return
  fi
  if ! echo "$cifar10_md5  $archive.part" | md5sum --check --status; then
    rm -f "$archive.part"
    say "the fetched CIFAR-10 does not have the published MD5 $cifar10_md5; thrown away"
    return
  fi
  tar xf "$archive.part" -C data
  rm -f "$archive.part"
}

get_data() {
  if [ -n "$cifar10" ]; then
    use_local_cifar10 "$cifar10"
  elif ! have_cifar10; then
    fetch_cifar10
  fi
  if have_cifar10; then
    say "data: CIFAR-10 in data/"
  else
    say "data: Fashion-MNIST of the Debian package dataset-fashion-mnist"
  fi
}

install_packages
[ "$build" = no ] || build_release
if [ "$fetch_data" = yes ]; then
  get_data
elif [ -n "$cifar10" ]; then
  use_local_cifar10 "$cifar10"
fi
