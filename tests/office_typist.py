"""Types into cells of a workbook as a person at LibreOffice does, and saves it: what is typed goes the way of the keyboard, so
that LibreOffice makes of it what it makes of a person's.

/usr/bin/python3 office_typist.py WORKBOOK SAVED xlsx|csv < JSON object of cell (`B3`) to text

Runs under the system's Python, which has LibreOffice's module (Debian: python3-uno, libreoffice-calc-nogui)."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

START_SECONDS = 120
# Separator, quote and characters (UTF-8) of a CSV file are what its dialogue asks a person for.
FILTERS = {"xlsx": {"FilterName": "Calc MS Excel 2007 XML"},
           "csv": {"FilterName": "Text - txt - csv (StarCalc)", "FilterOptions": "44,34,76,1"}}


def options(**values):
    made = []
    for name, value in values.items():
        option = PropertyValue()
        option.Name, option.Value = name, value
        made.append(option)
    return tuple(made)


def connect(pipe, office):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if office.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.1)


def type_in(context, workbook, saved, kind, cells):
    manager = context.ServiceManager
    desktop = manager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    document = desktop.loadComponentFromURL(pathlib.Path(workbook).resolve().as_uri(), "_blank", 0, options(Hidden=True))
    dispatcher = manager.createInstanceWithContext("com.sun.star.frame.DispatchHelper", context)
    frame = document.CurrentController.Frame
    for cell, text in cells.items():
        dispatcher.executeDispatch(frame, ".uno:GoToCell", "", 0, options(ToPoint=cell))
        dispatcher.executeDispatch(frame, ".uno:EnterString", "", 0, options(StringName=text))
    document.storeToURL(pathlib.Path(saved).resolve().as_uri(), options(**FILTERS[kind]))
    document.close(True)


def main():
    workbook, saved, kind = sys.argv[1:]
    cells = json.load(sys.stdin)
    home = pathlib.Path(tempfile.mkdtemp(prefix="sluice-office-"))
    pipe = home.name
    office = subprocess.Popen(["soffice", "--headless", "--invisible", "--norestore", "--nologo", f"-env:UserInstallation={home.as_uri()}",
                               f"--accept=pipe,name={pipe};urp;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        context = connect(pipe, office)
        type_in(context, workbook, saved, kind, cells)
        try:
            context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context).terminate()
        except Exception:  # the bridge is gone before the answer is
            pass
        office.wait(60)
    finally:
        if office.poll() is None:
            office.kill()
            office.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
