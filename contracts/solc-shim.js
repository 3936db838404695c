#!/usr/bin/env node
// Makes the npm package `solc` answer as the native compiler does for `--version` and `--standard-json`, which is all
// that py-solc-x asks. The package's own command prints extra text on stdout in that mode. Nothing is read from disk:
// every source comes in the input, so an import that the build script did not list is an error.
'use strict';
const fs = require('fs');
const path = require('path');

const solc = require(path.join(__dirname, 'node_modules', 'solc'));
const options = process.argv.slice(2);

if (options.includes('--version')) {
  process.stdout.write('solc, the solidity compiler commandline interface\nVersion: ' + solc.version() + '\n');
} else if (options.includes('--standard-json')) {
  const missing = (name) => ({ error: name + ' is not among the sources of the input' });
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: missing }));
} else {
  process.stderr.write('solc-shim: only --version and --standard-json are supported\n');
  process.exit(2);
}
