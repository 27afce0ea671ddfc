"""Runs generated Python, one file after the other, in this process: headless, and in the Chromium of the tests.

    python3 play.py FILE...
"""
import os
import runpy
import sys

from playwright import async_api, sync_api


def started_here(launch):
    def wrapped(self, **options):
        return launch(self, **{**options, "headless": True, "executable_path": os.environ["UNDERSTUDY_BROWSER"], "args": ["--no-sandbox"]})

    return wrapped


for api in (sync_api, async_api):
    api.BrowserType.launch = started_here(api.BrowserType.launch)

for path in sys.argv[1:]:
    runpy.run_path(path, run_name="__main__")
    print(f"{path}: done", flush=True)
