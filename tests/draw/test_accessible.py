"""The page is for everybody: axe finds nothing serious, on a screen and a telephone, in
both themes, on every tab."""

import pytest

from .conftest import CHROMIUM, PLAYWRIGHT
from .helpers import until
from .test_play_browser import OFFERED, lessons, lstm, tab

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

SCREEN = {"width": 1200, "height": 760}
TELEPHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [SCREEN, TELEPHONE], ids=["screen", "telephone"])
def test_axe_finds_nothing_serious(opened, viewport, scheme):
    page = opened(
        lstm(),
        *lessons(),
        learn=True,
        viewport=viewport,
        color_scheme=scheme,
        bypass_csp=True,
    )
    found = []
    for name in ("learn", "data", "own", "build", "keep", "lessons"):
        tab(page, "data" if name == "own" else name)
        if name == "own":  # with fields for a new row, and a wrong entry
            page.click("#own summary")
            until(page, OFFERED)
            page.fill(
                "#csv", "height,sport,kind\n" + "1.6,run,child\n1.8,row,adult\n" * 2
            )
            page.click("#csv-use")
            page.fill("#ask-0", "tall")
        if name == "lessons":
            page.select_option("#lesson", "14")  # with rows, whose strips have colours
        results = axe.Axe().run(page).response
        assert results["passes"]
        found += [
            (name, each["id"], each["nodes"][0]["target"])
            for each in results["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    assert not found
