"""The presets of the page that learns: each is learned within a minute at normal speed,
from nine of ten draws of weights; by the printed kernels, without a browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from synapse import draw
from synapse.draw._page_data import recipes
from synapse.readwrite import javascript_kernels

PAGE = Path(draw.__file__).parent / "page"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node")
FRAMES = 60 * 60
"""Of a minute."""


def tried(folder, draws):
    """After how many steps each draw of each preset is learned, by its name."""
    for name in ("store.js", "network.js", "tasks.js"):
        shutil.copy(PAGE / name, folder)
    (folder / "kernels.js").write_text(javascript_kernels())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "recipes.json").write_text(json.dumps(recipes()))
    shutil.copy(Path(__file__).with_name("presets_tried.mjs"), folder)
    a_frame = re.search(r"STEPS_A_FRAME = (\d+)", (PAGE / "learn.js").read_text())
    most = FRAMES * int(a_frame.group(1))
    call = [NODE, folder / "presets_tried.mjs", str(draws), str(most)]
    done = subprocess.run(
        call, capture_output=True, text=True, timeout=1200, check=False
    )
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_every_preset_is_learned_from_nine_of_ten_draws(tmp_path):
    steps_of = tried(tmp_path, 10)
    assert len(steps_of) == 10
    failed = {name: steps.count(None) for name, steps in steps_of.items()}
    assert not any(count > 1 for count in failed.values()), (failed, steps_of)
