#!/bin/sh
# `npm test`, `npm run test:system`, `npm run test:vm`: sets up what the tests need, and runs them.
# The first argument names the project of vitest.config.ts, with those whose names begin with it and a dash.
# `--yes` is for the setup; the rest goes to vitest.
set -eu
cd "$(dirname "$0")/.."
. setup/prepare.sh

project=$1
shift
case $project in
  unit) prepare 'npm test' 'run test' "$@" ;;
  *) prepare "npm run test:$project" 'run test system' "$@" ;;
esac
for argument; do
  shift
  [ "$argument" = --yes ] || set -- "$@" "$argument"
done
exec node node_modules/vitest/vitest.mjs run --project "$project" --project "$project-*" "$@"
