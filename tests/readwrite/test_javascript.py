"""Programs in JavaScript as scripts and modules, and in several engines."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import save

ROWS = [[1.0, -0.5], [0.25, 2.0], [-1.0, 0.0]]
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node here")


@functools.cache
def example():
    """A network, and what it answers to the rows."""
    net = architect.LSTM(2, 3, 1, seed=0)
    outputs = net.run(ROWS)
    net.clear()
    return net, outputs


@functools.cache
def program(suffix, learn):
    """The text of a program that is saved with this suffix."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"net{suffix}"
        save(example()[0], path, learn=learn)
        return path.read_text()


def write_programs(folder, *suffixes, learn=False):
    """Write the network as programs with these suffixes."""
    for suffix in suffixes:
        (folder / f"net{suffix}").write_text(program(suffix, learn))


def answers_as_here(answered):
    """Whether a program's outputs are the network's."""
    return np.allclose(answered, example()[1], rtol=1e-12, atol=0)


def run(command, folder):
    """The output of a command as JSON."""
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return json.loads(done.stdout)


STEPS = f"""
const net = new Network();
console.log(JSON.stringify({ROWS}.map(row => net.step(row))));
"""
IMPORTS = {
    "require": 'const {{ Network }} = require("./net{}");',
    "import": 'import {{ Network }} from "./net{}";',
    "required by a module": 'import {{ createRequire }} from "module";'
    ' const {{ Network }} = createRequire(import.meta.url)("./net{}");',
}


@pytest.mark.full
@needs_node
@pytest.mark.parametrize(
    ("package", "suffix", "way", "main"),
    [
        ("commonjs", ".js", "require", "main.js"),
        ("commonjs", ".js", "import", "main.mjs"),
        ("commonjs", ".cjs", "require", "main.js"),
        ("commonjs", ".cjs", "import", "main.mjs"),
        ("commonjs", ".mjs", "import", "main.mjs"),
        ("module", ".cjs", "require", "main.cjs"),
        ("module", ".cjs", "import", "main.js"),
        ("module", ".cjs", "required by a module", "main.js"),
        ("module", ".mjs", "import", "main.js"),
    ],
)
@pytest.mark.parametrize("learn", [False, True])
def test_node_finds_what_a_program_exports(tmp_path, package, suffix, way, main, learn):
    write_programs(tmp_path, suffix, learn=learn)
    (tmp_path / "package.json").write_text(json.dumps({"type": package}))
    (tmp_path / main).write_text(IMPORTS[way].format(suffix) + STEPS)
    assert answers_as_here(run([NODE, main], tmp_path))


REFUSALS = """
const { Network } = require("./net.js");
const net = new Network();
net.step([0.5, 0.5]);
const numbers = net.numbers();
const bad = [null, "", "1", true, undefined, 1n, [1], {}, new Number(1)];
const calls = [
  ...bad.map(value => () => net.step([1, value])),
  ...bad.map(value => () => net.learn([value], 0.1)),
  ...bad.map(value => () => net.learn([1], value)),
  ...bad.map(value => () => net.load([...numbers.slice(1), value])),
  ...[null, undefined, "12", 2, new Set([1, 2]), { length: 2 }, [1, , ]].map(
    inputs => () => net.step(inputs)),
];
const messages = calls.map(call => {
  try { call(); } catch (error) { return `${error.name}: ${error.message}`; }
  return "";
});
const unchanged = JSON.stringify(numbers) === JSON.stringify(net.numbers());
console.log(JSON.stringify({ messages, unchanged }));
"""


@needs_node
def test_what_is_no_number_is_refused(tmp_path):
    """Also what JavaScript would count as one, and by a program that does not learn."""
    write_programs(tmp_path, ".js", learn=True)
    (tmp_path / "main.js").write_text(REFUSALS)
    result = run([NODE, "main.js"], tmp_path)
    assert result["unchanged"]
    target = "RangeError: Expected a number as target 0, got null (object)."
    assert target in result["messages"]

    write_programs(tmp_path, ".js")
    begin, _, end = REFUSALS.partition("const numbers")
    calls = end.replace("net.learn", "net.step").replace("net.load", "net.step")
    program = f"{begin}net.numbers = () => [];const numbers{calls}"
    (tmp_path / "main.js").write_text(program)
    messages = result["messages"] + run([NODE, "main.js"], tmp_path)["messages"]
    wrong = [each for each in messages if not each.startswith("RangeError: Expected ")]
    assert not wrong


def package_folder(name):
    """The folder of an npm package, or a skipped test."""
    folder = Path(os.environ.get("NODE_PATH", "")) / name
    return folder if folder.is_dir() else pytest.skip(f"{name} is not here")


@pytest.mark.peers
@pytest.mark.parametrize(
    ("engine", "options"), [("deno", ["run", "--no-config", "-A"]), ("bun", [])]
)
@pytest.mark.parametrize("suffix", [".cjs", ".mjs"])
def test_other_runtimes_import_it(tmp_path, engine, options, suffix):
    write_programs(tmp_path, suffix)
    (tmp_path / "main.mjs").write_text(IMPORTS["import"].format(suffix) + STEPS)
    program = (package_folder(engine) / "../.bin" / engine).resolve()
    assert answers_as_here(run([str(program), *options, "main.mjs"], tmp_path))


QUICKJS = f"""
const {{ getQuickJS }} = require("quickjs-emscripten");
const script = require("fs").readFileSync("net.js", "utf8");
const steps = "const net = new Network(); "
  + "JSON.stringify({ROWS}.map(row => net.step(row)))";
getQuickJS().then(engine => {{
  const context = engine.newContext();
  const result = context.evalCode(script + steps);
  if (result.error) throw new Error(JSON.stringify(context.dump(result.error)));
  console.log(context.dump(result.value));
}});
"""


@needs_node
@pytest.mark.peers
def test_quickjs_runs_the_script(tmp_path):
    package_folder("quickjs-emscripten")
    write_programs(tmp_path, ".js")
    (tmp_path / "main.js").write_text(QUICKJS)
    assert answers_as_here(run([NODE, "main.js"], tmp_path))


PAGE = f"""<script src="net.js"></script>
<script>
const rows = {ROWS};
const steps = Network => {{
  const net = new Network();
  return rows.map(row => net.step(row));
}};
const answers = {{ script: steps(Network) }};
const kinds = {{ classic: "", module: "module" }};
Promise.all([
  import("./net.mjs").then(module => {{ answers.module = steps(module.Network); }}),
  ...Object.entries(kinds).map(([kind, type]) => new Promise(done => {{
    const worker = new Worker(`${{kind}}.js`, type ? {{ type }} : {{}});
    worker.onmessage = ({{ data }}) => {{ answers[kind] = data; done(); }};
  }})),
]).then(() => {{ document.title = JSON.stringify(answers); }});
</script>"""
WORKER = f"""
const net = new Network();
postMessage({ROWS}.map(row => net.step(row)));
"""


@pytest.mark.browser
def test_a_browser_runs_it_in_a_page_a_module_and_workers(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    write_programs(tmp_path, ".js", ".mjs")
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "classic.js").write_text('importScripts("net.js");' + WORKER)
    (tmp_path / "module.js").write_text(IMPORTS["import"].format(".mjs") + WORKER)
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(tmp_path)
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_api.sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium") or None, args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            page.wait_for_function("document.title !== ''")
            answers = json.loads(page.title())
            browser.close()
        server.shutdown()
    assert sorted(answers) == ["classic", "module", "script"]
    assert all(map(answers_as_here, answers.values()))
