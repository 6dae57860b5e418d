'use strict';

// Renews package-lock.json (npm run lock): names, versions and digests, no address.
//
// In an empty folder, because beside installed packages or an earlier lock npm leaves digests and
// versions out. The addresses of sponsors' pages are taken out.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'creditflag-lock-'));
try {
  for (const name of ['package.json', '.npmrc']) {
    fs.copyFileSync(path.join(__dirname, name), path.join(folder, name));
  }
  const options = ['install', '--package-lock-only', '--ignore-scripts'];
  execFileSync('npm', options, { cwd: folder, stdio: 'inherit' });
  const lock = JSON.parse(fs.readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  for (const entry of Object.values(lock.packages)) {
    delete entry.funding;
  }
  const written = `${JSON.stringify(lock, null, 2)}\n`;
  fs.writeFileSync(path.join(__dirname, 'package-lock.json'), written);
} finally {
  fs.rmSync(folder, { recursive: true });
}
