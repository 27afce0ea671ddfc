#!/usr/bin/env bash
# Installs what building, running and testing understudy need. Does nothing that is already done; run it as often as you like.
#
#   ./install.sh --deps     Debian, Ubuntu (apt) or macOS (Homebrew): compiler, Chromium, Node.js and Python (tests only),
#                           and the npm and pip packages of the interop tests into folders below tests/interop
#   ./install.sh --service [--user] [FLAGS]
#                           builds, installs the program and Chromium, and makes the agent a service (systemd, launchd);
#                           FLAGS are those of `understudy agent`: --server URL --token-file F …
#   ./install.sh --uninstall [--user] [--purge]
#                           removes service and program; --purge also settings, token and state
#
# With --user all goes below your home and needs no root. Rust itself is not installed: https://rustup.rs
set -euo pipefail
FROM=$PWD
SELF=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
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
  sed -n '2,14s/^# \{0,1\}//p' "$SELF"
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
  # What systemd thinks of the service's unit.
  have systemd-analyze || wanted+=(systemd)
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

# Where the program goes: of the machine, or of this user alone.
program() {
  if [ "$1" = --user ]; then say "$HOME/.local/bin/understudy"; else say /usr/local/bin/understudy; fi
}

# Runs the second and later arguments as root, unless the first says that this is for one user.
privileged() {
  local whose=$1
  shift
  if [ "$whose" = --user ]; then "$@"; else as_root "$@"; fi
}

# Chromium alone, for a machine that only runs the agent.
need_browser() {
  find_chromium >/dev/null && return
  [ "$1" = --user ] && fail "no Chromium: install it (apt install chromium, or Google Chrome), or set UNDERSTUDY_BROWSER"
  case "$(uname -s)" in
    Linux)
      if have apt-get && ! is_ubuntu; then
        say "apt: chromium fonts-liberation"
        as_root apt-get update -q
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ca-certificates chromium fonts-liberation
      fi
      ;;
    Darwin) have brew && brew install --cask google-chrome ;;
  esac
  need_chromium
}

# The program, built here unless UNDERSTUDY_PROGRAM names one that was built elsewhere.
built() {
  if [ -n "${UNDERSTUDY_PROGRAM:-}" ]; then
    [ -x "$UNDERSTUDY_PROGRAM" ] || fail "UNDERSTUDY_PROGRAM: there is no program at $UNDERSTUDY_PROGRAM"
    say "$UNDERSTUDY_PROGRAM"
    return
  fi
  have cargo || fail "Rust is missing: https://rustup.rs; or set UNDERSTUDY_PROGRAM to a program that was built elsewhere"
  cargo build --release --quiet --bin understudy >&2
  say "${CARGO_TARGET_DIR:-target}/release/understudy"
}

service() {
  local whose=--system new to
  if [ "${1:-}" = --user ]; then
    whose=--user
    shift
  fi
  need_browser "$whose"
  new=$(built)
  to=$(program "$whose")
  if cmp -s "$new" "$to"; then
    say "unchanged  $to"
  else
    privileged "$whose" mkdir -p "$(dirname "$to")"
    # Beside it first: the one that runs is not written into.
    privileged "$whose" install -m 755 "$new" "$to.new"
    privileged "$whose" mv -f "$to.new" "$to"
    say "written    $to"
  fi
  # Files that FLAGS name are meant as seen from where this was called.
  cd "$FROM"
  if [ "$whose" = --user ]; then
    "$to" service install --user "$@"
  else
    as_root "$to" service install "$@"
  fi
}

uninstall() {
  local whose=--system purge=() to
  while [ $# -gt 0 ]; do
    case "$1" in
      --user) whose=--user ;;
      --purge) purge=(--purge) ;;
      *) fail "--uninstall takes --user and --purge, not $1" ;;
    esac
    shift
  done
  to=$(program "$whose")
  if [ ! -x "$to" ]; then
    say "There is no $to: nothing is installed"
    return
  fi
  if [ "$whose" = --user ]; then
    "$to" service uninstall --user ${purge[@]+"${purge[@]}"}
  else
    as_root "$to" service uninstall ${purge[@]+"${purge[@]}"}
  fi
  privileged "$whose" rm -f "$to"
  say "removed  $to"
}

case "${1:-}" in
  --deps) deps ;;
  --service)
    shift
    service "$@"
    ;;
  --uninstall)
    shift
    uninstall "$@"
    ;;
  -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
