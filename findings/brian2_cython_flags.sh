#!/usr/bin/env bash
# Brian2 2.9.0 keeps compiled Cython code on disk under a name that depends on the code, on the versions of Python, Cython
# and NumPy, and on the variables CC and CXX, but not on the compiler's flags. After `codegen.cpp.extra_compile_args_gcc`
# has changed, a new process runs the code that was compiled with the former flags.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q brian2==2.9.0 numpy==2.3.5 cython==3.3.1 setuptools==80.9.0
cat > "$folder/program.py" <<'PYTHON'
import hashlib
import sys
from pathlib import Path

import brian2

folder, flag = sys.argv[1:]
brian2.prefs.codegen.target = "cython"
brian2.prefs.codegen.runtime.cython.cache_dir = folder
brian2.prefs.codegen.cpp.extra_compile_args_gcc = [flag]
cell = brian2.NeuronGroup(1, "dv/dt = (1 - v)/second : 1", method="euler")
brian2.run(1 * brian2.ms)
(library,) = Path(folder).glob("*.so")
digest = hashlib.sha256(library.read_bytes()).hexdigest()[:16]
print("Brian2", brian2.__version__, Path(folder).name, flag, digest)
PYTHON
run() { "$folder/venv/bin/python" "$folder/program.py" "$folder/$1" "$2" | tee -a "$folder/printed"; }
run kept -O0
run kept -O3
run empty -O3
mapfile -t digests < <(awk '{print $NF}' "$folder/printed")
[ "${digests[0]}" = "${digests[1]}" ] && [ "${digests[1]}" != "${digests[2]}" ]
