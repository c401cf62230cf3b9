#!/bin/sh
# `npm run build`: compiles src and runbooks to dist, as they are published.
set -eu
cd "$(dirname "$0")/.."

# Nothing of a file that is gone may be published.
rm -rf dist
node_modules/.bin/tsc -p tsconfig.build.json
chmod +x dist/src/cli/migrate.js
