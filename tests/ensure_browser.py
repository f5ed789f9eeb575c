"""Makes sure that the browser tests have a Chromium: installs Debian's where we may, else says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = [
    "--no-sandbox",
    "--use-gl=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]


def find_browser() -> str | None:
    """Path of a Chromium or Chrome; ``WORKBENCH_CHROMIUM`` names another one."""
    named = os.environ.get("WORKBENCH_CHROMIUM")
    if named and Path(named).exists():
        return named
    return next((found for found in map(shutil.which, NAMES) if found), None)


def has_chinese_font() -> bool:
    """Whether Chinese text will be drawn as characters rather than as boxes."""
    listing = shutil.which("fc-list")
    if listing is None:
        return True
    return bool(subprocess.run([listing, ":lang=zh"], check=False, capture_output=True).stdout.strip())


def main() -> int:
    wanted = [] if find_browser() else ["chromium"]
    wanted += [] if has_chinese_font() else ["fonts-noto-cjk"]
    if wanted and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing for the browser tests:", *wanted, flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
        subprocess.run(install, env=environment, check=False, stdout=subprocess.DEVNULL)
    if find_browser():
        return 0
    print(
        "The browser tests need Chromium, and it is not here.\n"
        "  Debian or Ubuntu:  sudo apt-get install chromium\n"
        "  another place:     export WORKBENCH_CHROMIUM=/path/to/chromium\n"
        "  without them:      .venv/bin/python -m pytest -m 'not browser'",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
