# shellcheck shell=sh
# Sourced by ./run and ./test: makes a bare Debian 12 able to build and test the project.
# Installs only what is missing, and ends by naming whatever it could not install.
# Nothing is done where everything is there: a second call takes well under a second.

RUST_AT_LEAST=1.95
NODE_AT_LEAST=20.19
NPM_AT_LEAST=11
TOOLS_DIR="$PWD/.tools"

say() { printf '%s\n' "$*" >&2; }

# version_at_least WANTED FOUND: true if FOUND >= WANTED, compared number by number.
version_at_least() {
    [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 1; fi
}

# apt_install PACKAGE…: one quiet call; the package lists are refreshed once. What it has to tell is kept beside the
# project's tools, and shown where it fails.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ -z "${APT_LISTS_FRESH:-}" ]; then
        as_root apt-get update -qq >&2 || return 1
        mkdir -p "$TOOLS_DIR"
        APT_LISTS_FRESH=yes
    fi
    say "installing: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >"$TOOLS_DIR/apt.log" 2>&1 || { tail -n 20 "$TOOLS_DIR/apt.log" >&2; return 1; }
}

rust_version() { cargo --version 2>/dev/null | awk '{print $2}' | sed 's/[^0-9.].*//'; }

need_rust() {
    if ! version_at_least "$RUST_AT_LEAST" "$(rust_version)"; then
        apt_install rustc-web cargo-web || return 1
        hash -r
    fi
    if ! version_at_least "$RUST_AT_LEAST" "$(rust_version)"; then
        say "Debian 12 brings Rust $RUST_AT_LEAST or newer by its security archive: add bookworm-security to apt's sources."
        return 1
    fi
    command -v rustfmt >/dev/null 2>&1 || apt_install rustfmt-web || return 1
    cargo clippy --version >/dev/null 2>&1 || apt_install rust-web-clippy
}

need_c_compiler() {
    missing=
    command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
    command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
    [ -e /usr/include/openssl/ssl.h ] || missing="$missing libssl-dev"
    command -v git >/dev/null 2>&1 || missing="$missing git"
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

# The window's webview, and what drives it where nobody sits in front of it. The webview and its driver in
# one call, so that both are of one version.
need_webview() {
    missing=
    pkg-config --exists webkit2gtk-4.1 2>/dev/null && command -v WebKitWebDriver >/dev/null 2>&1 ||
        missing="$missing libwebkit2gtk-4.1-dev webkit2gtk-driver"
    pkg-config --exists librsvg-2.0 2>/dev/null || missing="$missing librsvg2-dev"
    command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
    command -v dbus-run-session >/dev/null 2>&1 || missing="$missing dbus-daemon"
    command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

# The server's other store is tried on a real PostgreSQL, which the tests start themselves: the programs are what is
# needed, not the cluster that Debian's package starts as a service.
need_postgresql() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && return 0
    done
    command -v initdb >/dev/null 2>&1 || apt_install postgresql
}

# Node and npm are for the user interface. Debian's own are too old for its build, so the npm
# registry's `node` and `npm` packages go into a folder of the project.
need_node() {
    PATH="$TOOLS_DIR/node_modules/.bin:$PATH"
    export PATH
    node_new_enough && return 0
    command -v npm >/dev/null 2>&1 || apt_install npm || return 1
    say "installing: node 22 and npm 11 into .tools"
    npm install --loglevel error --no-fund --no-audit --prefix "$TOOLS_DIR" node@22 npm@11 >&2 || return 1
    # The shell remembers where it found Debian's npm.
    hash -r
    node_new_enough
}

node_new_enough() {
    version_at_least "$NODE_AT_LEAST" "$(node --version 2>/dev/null | sed 's/^v//')" &&
        version_at_least "$NPM_AT_LEAST" "$(npm --version 2>/dev/null)"
}

# What builds for Windows, makes its installer, and runs its programs here. The usual toolchain has no standard
# library for Windows; Debian's brings the library's sources.
need_windows() {
    missing=
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] || missing="$missing rustc-web cargo-web"
    [ -e /usr/lib/rustlib/src/rust/library/std/Cargo.toml ] || missing="$missing rust-web-src"
    command -v x86_64-w64-mingw32-gcc >/dev/null 2>&1 || missing="$missing mingw-w64"
    command -v makensis >/dev/null 2>&1 || missing="$missing nsis"
    [ -x /usr/lib/wine/wine64 ] || missing="$missing wine64"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

# What makes packages for Debian.
need_packaging() {
    command -v dpkg-shlibdeps >/dev/null 2>&1 || apt_install dpkg-dev
}

setup_machine() {
    failed=
    need_c_compiler || failed="$failed, C compiler with OpenSSL headers and git"
    # Before what takes minutes: nothing goes on without it.
    need_rust || { say "could not install: Rust $RUST_AT_LEAST or newer with rustfmt and clippy"; exit 1; }
    need_node || failed="$failed, Node $NODE_AT_LEAST or newer with npm $NPM_AT_LEAST"
    need_postgresql || failed="$failed, PostgreSQL's programs"
    need_webview || failed="$failed, the webview with its driver, a display for it, and a browser"
    if [ -n "$failed" ]; then
        say "could not install: ${failed#, }"
        case "$failed" in *"C compiler"* | *webview*) exit 1 ;; esac
    fi
}
