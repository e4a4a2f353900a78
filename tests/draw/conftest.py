"""Pictures are drawn into memory; pages open in a headless Chromium."""

import shutil

import pytest

from synapse.draw import explore

from .helpers import xor

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)


def pytest_collection_modifyitems(items):
    """What opens a browser is of its tier."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _into_memory():
    pytest.importorskip("matplotlib.pyplot").switch_backend("Agg")


@pytest.fixture(scope="module")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    with api.sync_playwright() as play:
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


@pytest.fixture
def page(opened):
    """The page that learns, as it begins."""
    return opened(xor(), None, learn=True)
