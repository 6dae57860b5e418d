'use strict';

// Renews package-lock.json (npm run lock) and takes out the addresses of sponsors' pages, so that the
// file holds names, versions and digests only.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');

// From scratch: npm leaves versions out when it renews a lock without addresses.
fs.rmSync('package-lock.json', { force: true });
execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { stdio: 'inherit' });
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
}
fs.writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
