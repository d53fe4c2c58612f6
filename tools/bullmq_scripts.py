#!/usr/bin/env python3
"""Writes BullMQ's own Lua scripts, as the npm package of one pinned version has them, into a C++ file.

bullmq_scripts.py OUT.cpp
The package comes from npm once and is kept under ${XDG_CACHE_HOME:-~/.cache}/sluice; its SHA-512 is checked each time.
What is declared where: src/adapters/bullmq_scripts.h.
"""
import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tarfile

VERSION = "6.7.0"
SHA512 = "+LnKsqZ+PRV/Iul7T84qEZYOewsgtnnmTc3/TjXZk6dSaOeK68AuR/p8uzQ6WIQ8Jvf/GjitjsUrmTaRV2cfsQ=="
SCRIPTS = ["addDelayedJob", "addLog", "addPrioritizedJob", "addStandardJob", "extendLock", "getCounts", "moveJobFromActiveToWait",
           "moveStalledJobsToWait", "moveToActive", "moveToDelayed", "moveToFinished", "pause", "removeJob", "retryJob",
           "updateJobScheduler", "updateProgress"]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sluice"


def is_right(tarball):
    return tarball.exists() and base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode() == SHA512


def fetch():
    tarball = CACHE / f"bullmq-{VERSION}.tgz"
    if not is_right(tarball):
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", f"bullmq@{VERSION}", "--silent"], cwd=CACHE, check=True, stdout=subprocess.DEVNULL)
    if not is_right(tarball):
        sys.exit(f"bullmq_scripts.py: {tarball} is not the package that is pinned here")
    return tarball


def literal(text):
    # A compiler has to take raw strings of 64 KiB; the longest script has 40.
    return f'R"lua({text})lua"'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    scripts = []
    with tarfile.open(fetch()) as package:
        licence = package.extractfile("package/LICENSE").read().decode()
        for member in package.getmembers():
            found = re.fullmatch(r"package/dist/cjs/scripts/(\w+)-(\d+)\.js", member.name)
            if not found or found[1] not in SCRIPTS:
                continue
            source = package.extractfile(member).read().decode()
            text = re.search(r"const content = `(.*?)`;\n", source, re.S)[1]
            if re.search(r"\\|\$\{", text):
                sys.exit(f"bullmq_scripts.py: {member.name} has escapes, which this reads as they stand")
            scripts.append((found[1], int(found[2]), text))
    if sorted(name for name, _, _ in scripts) != sorted(SCRIPTS):
        sys.exit("bullmq_scripts.py: the package lacks a script")
    out = ['#include "adapters/bullmq_scripts.h"', "namespace sluice {",
           f'const std::string_view kBullmqVersion = "{VERSION}";', f"const std::string_view kBullmqLicence = {literal(licence)};"]
    for name, keys, text in sorted(scripts):
        constant = "kBullmq" + name[0].upper() + name[1:]
        sha1 = hashlib.sha1(text.encode()).hexdigest()
        out.append(f'const BullmqScript {constant}{{"{name}", {keys}, "{sha1}", {literal(text)}}};')
    out.append("}\n")
    pathlib.Path(sys.argv[1]).write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
