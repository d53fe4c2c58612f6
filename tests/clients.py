#!/usr/bin/env python3
"""Clients that others made, as they are published, against `sluice serve`: curl, tus-js-client, a WebSocket library, a
browser. What they send is loaded to the byte, whatever breaks; what they are refused leaves nothing behind.

clients.py [--bin build/sluice] [--only PART_OF_A_NAME] [--jobs N] [--keep]
The packages of tests/clients/package.json are put into ~/.cache/sluice. Prints what failed, then `N passed, N failed`.
"""
import sys

import client_browser
import client_curl
import client_documents
import client_events
import client_tus
from checks import run_checks
from client_world import World


def main():
    if client_browser.installed() is None:
        print("There is no Chromium: the checks with a browser fail (tools/packages.txt, group test)")
    suites = [client_events, client_browser, client_tus, client_curl, client_documents]
    return run_checks(__doc__, [check for suite in suites for check in suite.CHECKS], World, "clients")


if __name__ == "__main__":
    sys.exit(main())
