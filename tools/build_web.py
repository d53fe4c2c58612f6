#!/usr/bin/env python3
"""Builds the web page of web/ and packs it for the program.

build_web.py OUT     writes OUT/web_files.bin, the page's files, gzipped, one after the other, and OUT/web_files.cpp, the
                     table of them (declared in src/server/routes_web.h)
build_web.py --modules   only the npm packages, as package-lock.json has them; prints their folder

Packages and built pages are kept under ${XDG_CACHE_HOME:-~/.cache}/sluice, by what they are made of: an unchanged web/ is not
built again, whichever preset asks. web/node_modules is a link to the packages.
"""
import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
API = ROOT / "src" / "server" / "openapi.yaml"   # the types of the page's client are made of it
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sluice"
NOT_SOURCES = {"node_modules", "generated"}
FIRST_LOAD_BYTES = 300_000   # the goal: gzipped, of whichever page is opened first
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2", ".png": "image/png"}


def sources():
    found = [path for path in WEB.rglob("*") if not NOT_SOURCES & set(path.relative_to(WEB).parts) and path.is_file()]
    return [*sorted(found), API, pathlib.Path(__file__)]


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(data)}\n".encode() + data)
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def alone():
    """Presets may be built at once; the second waits, and finds what the first has made."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "web.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(name, make):
    """The folder of this name in the cache; `make(folder)` fills it where it is not there."""
    place = CACHE / name
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            make(pathlib.Path(folder))
            os.rename(folder, place)
            os.mkdir(folder)   # for the context to remove
    return place


def run(command, folder):
    ended = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"build_web.py: {' '.join(map(str, command))} failed:\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def install(folder):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(WEB / name, folder)
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def modules():
    """The packages; web/node_modules leads there."""
    place = made_once("web-modules-" + digest_of([WEB / "package.json", WEB / "package-lock.json"]), install) / "node_modules"
    link = WEB / "node_modules"
    if link.is_symlink() and link.readlink() != place:
        link.unlink()
    if not link.is_symlink():
        if link.exists():
            sys.exit(f"build_web.py: {link} is a folder; remove it, packages are kept outside the tree")
        link.symlink_to(place)
    return place


def check_first_load(dist, packed):
    """What a browser loads for each page that may be the first: the entry, what it imports, the page's own pieces."""
    manifest = json.loads((dist / ".vite" / "manifest.json").read_text(encoding="utf-8"))

    def files_of(name, seen):
        chunk = manifest[name]
        if name not in seen:
            seen.update({name: {chunk["file"], *chunk.get("css", [])}})
            for other in chunk.get("imports", []):
                files_of(other, seen)
        return seen

    entry = next(name for name, chunk in manifest.items() if chunk.get("isEntry"))
    largest = 0
    for page in [entry, *manifest[entry].get("dynamicImports", [])]:
        seen = files_of(page, files_of(entry, {}))
        size = packed["/index.html"] + sum(packed["/" + file] for file in set().union(*seen.values()))
        largest = max(largest, size)
        if size > FIRST_LOAD_BYTES:
            sys.exit(f"build_web.py: {page} needs {size} bytes at its first load, and {FIRST_LOAD_BYTES} are allowed")
    return largest


def make(folder):
    modules()
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        dist = pathlib.Path(temporary) / "dist"
        run(["npm", "run", "--silent", "build", "--", "--outDir", str(dist), "--emptyOutDir"], WEB)
        packed, table, place = {}, [], 0
        with open(folder / "web_files.bin", "wb") as out:
            for path in sorted(path for path in dist.rglob("*") if path.is_file() and ".vite" not in path.parts):
                data = path.read_bytes()
                small = gzip.compress(data, 9, mtime=0)
                name = "/" + path.relative_to(dist).as_posix()
                packed[name] = len(small)
                etag = f'W/\\"{hashlib.sha256(data).hexdigest()[:16]}\\"'
                table.append(f'    {{"{name}", "{TYPES[path.suffix]}", "{etag}", {{sluice_web_files + {place}, {len(small)}}}, {len(data)}}},')
                out.write(small)
                place += len(small)
        first = check_first_load(dist, packed)
    (folder / "table.inc").write_text("\n".join(table) + "\n", encoding="utf-8")
    print(f"The page: {len(table)} files, {place} bytes gzipped; the first load takes {first} of {FIRST_LOAD_BYTES} at most")


def write(built, out):
    shutil.copyfile(built / "web_files.bin", out / "web_files.bin")
    (out / "web_files.cpp").write_text(f"""// Made by tools/build_web.py.
#include "server/routes_web.h"

asm(".pushsection .rodata\\n.global sluice_web_files\\nsluice_web_files:\\n.incbin \\"{out / 'web_files.bin'}\\"\\n.popsection\\n");
extern "C" const char sluice_web_files[];

namespace sluice {{
namespace {{
const WebFile kFiles[] = {{
{(built / 'table.inc').read_text(encoding='utf-8')}}};
}}  // namespace
std::span<const WebFile> web_files() {{ return kFiles; }}
}}  // namespace sluice
""", encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with alone():
        if sys.argv[1] == "--modules":
            print(modules())
            return
        write(made_once("web-page-" + digest_of(sources()), make), pathlib.Path(sys.argv[1]).resolve())


if __name__ == "__main__":
    main()
