#!/usr/bin/env bash
# Do the README's commands work on a machine that has nothing? Makes a minimal Debian 12 (debootstrap: a shell and
# apt), clones this repository's HEAD into it and runs `./dev demo` and `./dev test` there as root.
#
# fresh_debian.sh [--keep] [COMMAND…]    each COMMAND is a word of ./dev; default: demo test
# Needs root and debootstrap. Mirror and proxy are those of this machine's apt and environment. The bare system is
# kept under ${XDG_CACHE_HOME:-~/.cache}/sluice for the next time; what runs is a copy, removed afterwards.
# shellcheck disable=SC2016  # what stands in single quotes is for apt and for the shells inside
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

keep=no
if [ "${1:-}" = --keep ]; then keep=yes; shift; fi
commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=(demo test)
[ "$(id -u)" -eq 0 ] || { echo "a chroot needs root" >&2; exit 2; }
command -v debootstrap > /dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/sluice
base=$cache/debian-12
mkdir -p "$cache"

# The archives that this machine's apt uses for Debian 12: "URI SUITE" lines.
archives=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' |
  grep -E ' bookworm(-updates|-security)?$' | sort -u)
mirror=$(awk '$2 == "bookworm" {print $1; exit}' <<< "$archives")
[ -n "$mirror" ] || { echo "this machine's apt knows no archive of Debian 12 (bookworm)" >&2; exit 2; }

if [ ! -e "$base/complete" ]; then
  echo "Making a minimal Debian 12 (once)"
  rm -rf "$base"
  debootstrap --variant=minbase bookworm "$base/root" "$mirror" > "$cache/debootstrap.log" 2>&1 ||
    { tail -n 5 "$cache/debootstrap.log" >&2; exit 1; }
  touch "$base/complete"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-fresh-XXXXXX")
finish() {
  if [ $keep = yes ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
cp -a "$base/root" "$work/root"
root=$work/root
while read -r uri suite; do echo "deb $uri $suite main"; done <<< "$archives" > "$root/etc/apt/sources.list"
apt-config dump | grep -E '^Acquire::(http|https)::' > "$root/etc/apt/apt.conf.d/90machine" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2> /dev/null || true
# The authorities that this machine trusts beside Debian's; ca-certificates and Java's keystore take them in when they are installed.
mkdir -p "$root/usr/local/share/ca-certificates"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp -L -t "$root/usr/local/share/ca-certificates" {} + 2> /dev/null || true
git clone -q --no-hardlinks . "$root/root/sluice"
git -C "$root/root/sluice" remote remove origin

settings=()  # how this machine reaches the network, as the environment says
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL GOPROXY GOSUMDB; do
  if [ -n "${!name:-}" ]; then settings+=("$name=${!name}"); fi
done
if [ -f "${PIP_CERT:-}" ]; then
  cp -L "$PIP_CERT" "$root/etc/machine-certificates.crt"
  settings+=(PIP_CERT=/etc/machine-certificates.crt NODE_EXTRA_CA_CERTS=/etc/machine-certificates.crt)
fi
if command -v npm > /dev/null; then settings+=("npm_config_registry=$(npm config get registry)"); fi

inside() {  # in a mount namespace of its own, so that nothing stays mounted
  unshare --mount --fork bash -c '
    root=$1; shift
    mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" && mount --bind /dev/pts "$root/dev/pts" && mount -t tmpfs tmpfs "$root/dev/shm" || exit 125
    exec chroot "$root" /usr/bin/env -i "$@"' _ "$root" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 CI="${CI:-}" "${settings[@]}" "$@"
}

status=0
for command in "${commands[@]}"; do
  begin=$SECONDS
  echo "== ./dev $command"
  inside bash -c 'cd /root/sluice && exec ./dev "$1"' _ "$command" < /dev/null || status=$?
  echo "== ./dev $command: exit status $status after $((SECONDS - begin)) s"
  if [ $status -ne 0 ]; then exit "$status"; fi
done
