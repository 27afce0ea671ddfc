#!/usr/bin/env bash
# Installs what building, running and testing understudy need. Does nothing that is already done; run it as often as you like.
#
#   ./install.sh --deps     Debian, Ubuntu (apt) or macOS (Homebrew): compiler, Chromium, Node.js and Python (tests only),
#                           and the npm and pip packages of the interop tests into folders below tests/interop
#
# Rust itself is not installed: https://rustup.rs
set -euo pipefail
cd "$(dirname "$0")"

# The oldest Node.js that the official Playwright of the interop tests runs on.
NODE_AT_LEAST=20
INTEROP=tests/interop

say() { printf '%s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

usage() {
  sed -n '2,8s/^# \{0,1\}//p' "$0"
}

# Runs a command as root: directly, through sudo, or not at all with a word about what to run.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    fail "this needs root and there is no sudo; run as root: $*"
  fi
}

# Prints the browser the product would find, or fails. Ubuntu's `chromium-browser` is a script that only asks for the snap.
find_chromium() {
  local candidate
  if [ -n "${UNDERSTUDY_BROWSER:-}" ] && [ -x "$UNDERSTUDY_BROWSER" ]; then
    say "$UNDERSTUDY_BROWSER"
    return
  fi
  for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
    candidate=$(command -v "$candidate" || true)
    [ -n "$candidate" ] || continue
    case "$(readlink -f "$candidate")" in
      */snap) continue ;;
    esac
    if head -c 4096 "$candidate" | grep -aq '/snap/bin/'; then
      continue
    fi
    say "$candidate"
    return
  done
  for candidate in "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -x "$candidate" ]; then
      say "$candidate"
      return
    fi
  done
  return 1
}

# The Node.js of the tests: a private one where the system's is too old, else the system's.
find_node() {
  local candidate
  for candidate in "$INTEROP/.node/bin/node" node; do
    if have "$candidate" && [ "$("$candidate" -p 'process.versions.node.split(".")[0]')" -ge "$NODE_AT_LEAST" ]; then
      say "$candidate"
      return
    fi
  done
  return 1
}

have_pip() { have python3 && python3 -m pip --version >/dev/null 2>&1; }

apt_packages() {
  local wanted=(ca-certificates build-essential pkg-config libssl-dev shellcheck) missing=() package
  find_chromium >/dev/null || is_ubuntu || wanted+=(chromium fonts-liberation)
  if ! have node || ! have npm; then
    have node || wanted+=(nodejs)
    have npm || wanted+=(npm)
  fi
  have_pip || wanted+=(python3 python3-pip)
  have Xvfb || wanted+=(xvfb)
  # Several hubs as one.
  have redis-server || wanted+=(redis-server)
  # Certificates of the moment, for sites of the tests.
  have openssl || wanted+=(openssl)
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "apt: ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

is_ubuntu() {
  [ -r /etc/os-release ] && grep -qx 'ID=ubuntu' /etc/os-release
}

brew_packages() {
  have brew || fail "Homebrew is missing: https://brew.sh"
  xcode-select -p >/dev/null 2>&1 || fail "the compiler is missing; run: xcode-select --install"
  local missing=()
  have node || missing+=(node)
  have shellcheck || missing+=(shellcheck)
  have redis-server || missing+=(redis)
  have_pip || missing+=(python)
  [ "${#missing[@]}" = 0 ] || brew install "${missing[@]}"
  find_chromium >/dev/null || brew install --cask google-chrome
}

need_chromium() {
  find_chromium >/dev/null && return
  if is_ubuntu; then
    fail "no Chromium. Ubuntu's chromium package is a snap, which may not read the private profile folders used here.
Install Google Chrome's package (https://www.google.com/chrome), or unpack a Chromium build anywhere, and run this again
with UNDERSTUDY_BROWSER=/path/to/chrome in the environment; the product reads the same variable."
  fi
  fail "no Chromium was found after the installation; set UNDERSTUDY_BROWSER to one"
}

# Debian 12 ships Node.js 18: fetch a newer one as an npm package, for the tests only.
private_node() {
  find_node >/dev/null && return
  local platform
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *) fail "Node.js $NODE_AT_LEAST or newer is needed for the tests; this one is $(node --version)" ;;
  esac
  say "npm: Node.js $NODE_AT_LEAST into $INTEROP/.node (the system's is $(node --version))"
  npm install --silent --no-audit --no-fund --no-save --prefix "$INTEROP/.node" "node-$platform@$NODE_AT_LEAST"
  mkdir -p "$INTEROP/.node/bin"
  ln -sf "../node_modules/node-$platform/bin/node" "$INTEROP/.node/bin/node"
}

# The peers of the interop tests; again only when the lock file has changed.
npm_packages() {
  local mark="$INTEROP/node_modules/.installed-lock"
  cmp -s "$INTEROP/package-lock.json" "$mark" && return
  say "npm: packages of the interop tests"
  (cd "$INTEROP" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --silent)
  cp "$INTEROP/package-lock.json" "$mark"
}

# The same of Python's. The mark names Python's version too: some of the packages are compiled for it.
pip_packages() {
  local wanted mark="$INTEROP/.python/.installed"
  wanted=$(python3 --version && cat "$INTEROP/requirements.txt")
  [ -r "$mark" ] && [ "$(cat "$mark")" = "$wanted" ] && return
  say "pip: packages of the interop tests"
  rm -rf "$INTEROP/.python"
  PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --target "$INTEROP/.python" --requirement "$INTEROP/requirements.txt"
  printf '%s\n' "$wanted" >"$mark"
}

deps() {
  case "$(uname -s)" in
    Linux)
      have apt-get || fail "only apt is known here. Needed: a C compiler, pkg-config, OpenSSL headers, Chromium, Node.js $NODE_AT_LEAST with npm, shellcheck"
      apt_packages
      ;;
    Darwin) brew_packages ;;
    MINGW* | MSYS* | CYGWIN*) fail "Windows is not supported for now; WSL 2 with Debian works" ;;
    *) fail "$(uname -s) is not supported; Linux and macOS are" ;;
  esac
  need_chromium
  private_node
  npm_packages
  pip_packages
  have cargo || say "Rust is missing: https://rustup.rs"
  say "ready: $(find_chromium), Node.js $("$(find_node)" --version) for the tests"
}

case "${1:-}" in
  --deps) deps ;;
  -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
