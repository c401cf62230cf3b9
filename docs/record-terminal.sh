#!/bin/sh
# Records docs/terminal.svg anew: a rehearsal that is killed in the middle of a step, and resumed.
# Needs asciinema 2 (apt-get install asciinema), and what `npm run rehearse` has set up; svg-term-cli comes by npx.
set -eu
cd "$(dirname "$0")/.."
export LANG=C.UTF-8 TERM=xterm-256color
PATH=$PWD/node_modules/.bin:$PATH
columns=100
rows=32
shown='npm run rehearse -- --crash final-copy'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

printf '#!/bin/sh\nprintf "$ %%s\\n" "%s"\nexec node src/cli/migrate.ts rehearse wsl-nix-store --crash final-copy\n' "$shown" >"$folder/typed"
asciinema rec --quiet --cols "$columns" --rows "$rows" --command "sh $folder/typed" "$folder/whole.cast" </dev/null
node docs/shorten-recording.mjs <"$folder/whole.cast" >"$folder/short.cast"
npx --yes svg-term-cli@2.1.1 --in "$folder/short.cast" --out docs/terminal.svg --window --no-cursor --width "$columns" --height "$rows"
ls -l docs/terminal.svg
