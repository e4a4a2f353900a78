#!/usr/bin/env bash
# A file with the suffix .js that assigns to module.exports, in a folder without package.json: Node 20 and Bun 1.4.5 import its
# names, Deno 2.9.6 takes it for an ES module without exports. With the suffix .cjs all three import it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --prefix "$folder/tools" bun@1.4.5 deno@2.9.6
mkdir "$folder/program"
cd "$folder/program"
for suffix in js cjs; do
    echo 'if (typeof module !== "undefined") module.exports.answer = 42;' >"part.$suffix"
    echo "import { answer } from \"./part.$suffix\"; console.log(answer);" >"$suffix.mjs"
done
bin=$folder/tools/node_modules/.bin
echo "node $(node --version), bun $("$bin/bun" --version), $("$bin/deno" --version | head -1)"
answer() { "$@" 2>/dev/null || echo refused; }
seen=""
for suffix in js cjs; do
    line="$suffix: node $(answer node "$suffix.mjs"), bun $(answer "$bin/bun" "$suffix.mjs"), deno $(answer "$bin/deno" run --no-config -A "$suffix.mjs")"
    echo "$line"
    seen+="$line;"
done
[ "$seen" = "js: node 42, bun 42, deno refused;cjs: node 42, bun 42, deno 42;" ]
