# Sourced by ./dev: which Debian packages a command needs, which are missing, and how they get installed.
# shellcheck shell=bash

packages_file=tools/packages.txt

# The packages of the named groups, one a line.
packages_of() {
  local group
  for group in "$@"; do
    while read -r of package _; do
      [ "$of" = "$group" ] && printf '%s\n' "$package"
    done < "$packages_file"
  done
  return 0
}

all_groups() {
  local group seen=' '
  while read -r group _; do
    case "$group" in ''|'#'*) continue ;; esac
    case "$seen" in *" $group "*) ;; *) seen="$seen$group "; printf '%s\n' "$group" ;; esac
  done < "$packages_file"
}

# The command that makes a package unnecessary where it is there from elsewhere ("npm": the command npm).
provided() {
  local command
  command=$(awk -v package="$1" '$2 == package && NF > 2 {print $3; exit}' "$packages_file")
  [ -n "$command" ] && command -v "$command" > /dev/null
}

# Those of the named packages that are not installed, one a line.
missing_of() {
  local installed package
  installed=" $(dpkg-query -W -f '${Package}/${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    case "$installed" in *" $package/installed "*) ;; *) provided "$package" || printf '%s\n' "$package" ;; esac
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need GROUP…: installs what is missing of these groups. Says so in one line first; silent when nothing is.
need() {
  local wanted missing
  if ! command -v dpkg-query >/dev/null; then return 0; fi  # not Debian: what is missing will say so itself
  mapfile -t wanted < <(packages_of "$@" | sort -u)
  mapfile -t missing < <(missing_of "${wanted[@]}")
  [ "${#missing[@]}" -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "These packages are missing, and there is no sudo to install them with. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  echo "Installing ${#missing[@]} Debian packages that this needs: ${missing[*]}"
  mkdir -p build/logs
  if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
           --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}"; } > build/logs/apt.log 2>&1; then
    tail -n 15 build/logs/apt.log >&2
    echo "The installation failed (whole log: build/logs/apt.log). Is this Debian 12 with network access?" >&2
    return 1
  fi
}
