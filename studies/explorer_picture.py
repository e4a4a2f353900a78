"""Make the pictures of the explorer and of the page that learns from the code of the
start page.

python -m studies explorer_picture     # needs Chromium and the extra `browser`
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_extensions")]

import cells
from playwright.sync_api import sync_playwright

PASSES = 90  # through the four rows of XOR, after which it is almost learnt


def main(gallery: Path = DOCS / "gallery") -> None:
    """Write explorer.png and play.png into a folder."""
    names = {"__name__": "__main__"}
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        sync_playwright() as play,
    ):
        for block in cells.blocks((DOCS / "index.md").read_text(encoding="utf-8")):
            cells.run(block.code, names, "index", block.line)
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(
            viewport={"width": 1280, "height": 760}, color_scheme="light"
        )
        page.goto((Path(folder) / "explorer.html").as_uri())
        page.fill("#step", "7")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(500)  # Cytoscape.js draws with the next frames
        page.screenshot(path=gallery / "explorer.png")
        page.set_viewport_size({"width": 1400, "height": 900})
        page.goto((Path(folder) / "play.html").as_uri())
        page.click("#tab-learn")
        # else the arrow keys choose another tab
        page.evaluate("document.activeElement.blur()")
        page.select_option("#order", "in order")
        for _ in range(PASSES):
            page.keyboard.press("e")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.evaluate(
            "void document.getElementById('graph')._cyreg.cy.getElementById('c3')"
            ".emit('tap')"
        )
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(500)
        page.screenshot(path=gallery / "play.png")
        browser.close()


if __name__ == "__main__":
    main()
