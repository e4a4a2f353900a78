"""Print the oldest version that setup.cfg admits of each dependency: constraints for
pip.

>>> python .ci/oldest.py > constraints.txt
>>> pip install -c constraints.txt -e ".[test]"
"""

import configparser
import re
from pathlib import Path

config = configparser.ConfigParser()
config.read(Path(__file__).parents[1] / "setup.cfg", encoding="utf-8")
declared = [
    config["options"]["install_requires"],
    *config["options.extras_require"].values(),
]
for line in "\n".join(declared).split():
    if not line.startswith("synapse-neurons["):  # an extra that names other extras
        # an upper bound or a condition may follow
        print(re.sub(r"(\[\w+\])?>=([\d.]+).*", r"==\2", line))
