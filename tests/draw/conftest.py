"""Pictures are drawn into memory; pages open in a headless Chromium."""

import shutil
from importlib.util import find_spec

import pytest

from synapse.draw import explore

PLAYWRIGHT = find_spec("playwright") is not None
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)


@pytest.fixture(autouse=True)
def _into_memory():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens pages; at the end nothing may have gone wrong in them, nor been asked of
    the net."""
    contexts = []
    complaints = []

    def open_page(net, sequence, targets=None, learn=False, address="", **options):
        path = tmp_path / "page.html"
        explore(net, sequence, targets, path=path, learn=learn)
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.split("#")[0] == path.as_uri()
                else complaints.append(request.url)
            ),
        )
        page.goto(path.as_uri() + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
