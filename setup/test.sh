#!/bin/sh
# `npm test`, `npm run test:system`, `npm run test:vm`, `npm run test:long`: sets up what the tests need, and runs them.
# The first argument names a project of vitest.config.ts; `system` has two, and `long` is `system-long`.
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
case $project in
  system) set -- --project system --project system-alone "$@" ;;
  long) set -- --project system-long "$@" ;;
  *) set -- --project "$project" "$@" ;;
esac
exec node node_modules/vitest/vitest.mjs run "$@"
