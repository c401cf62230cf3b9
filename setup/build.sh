#!/bin/sh
# `npm run build`: makes dist of src and runbooks, as they are published: JavaScript in few files, and the types.
set -eu
cd "$(dirname "$0")/.."

# Nothing of a file that is gone may be published.
rm -rf dist
node setup/bundle.ts dist
node_modules/.bin/tsc -p tsconfig.build.json --emitDeclarationOnly
chmod +x dist/src/cli/migrate.js
