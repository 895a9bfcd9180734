// Installs the npm packages of this folder when they are missing or package-lock.json has changed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const wanted = join(folder, 'package-lock.json');
const installed = join(folder, 'node_modules', '.installed-lock.json');

export const isInstalled = () => existsSync(installed) && readFileSync(installed).equals(readFileSync(wanted));

/** What npm is asked, for whoever runs it. */
export const npm = { program: 'npm', args: ['ci', '--no-audit', '--no-fund', '--loglevel=error'], folder };

/** Remembers what is installed now. */
export const markInstalled = () => copyFileSync(wanted, installed);

if (process.argv[1] === import.meta.filename && !isInstalled()) {
  const { status } = spawnSync(npm.program, npm.args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) {
    process.exit(1);
  }
  markInstalled();
}
