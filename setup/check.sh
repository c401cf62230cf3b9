#!/bin/sh
# `npm run check`: all that must hold before a commit. `-- --no-tests` leaves the tests out.
set -eu
cd "$(dirname "$0")/.."
. setup/prepare.sh

prepare 'npm run check' 'run test' "$@"
PATH=$PWD/node_modules/.bin:$PATH
failed=
tests=yes
for argument; do
  [ "$argument" != --no-tests ] || tests=no
done

# check TITLE COMMAND…
check() {
  calmly "$@" || failed="$failed, $1"
}

check 'format' oxfmt --check .
check 'lint' oxlint
check 'types' tsc -p .
check 'published types' tsc -p tsconfig.build.json --noEmit
check 'boundaries' depcruise src runbooks
check 'dead code' knip
if [ "$tests" = yes ]; then
  vitest run --project unit || failed="$failed, tests"
fi

[ -n "$failed" ] || exit 0
echo "Failed: ${failed#, }" >&2
exit 1
