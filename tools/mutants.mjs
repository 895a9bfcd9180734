// `./dev sim --mutants`: breaks a copy of the app in one way after the other, and runs simulated worlds until one of them notices.
// A mutant that no world notices means that the simulation is blind, and fails the run.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { root } from './options.mjs';

const seeds = 300;
const folder = join(root, 'Simulation', 'Mutants');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--mutants');

async function check() {
  const mutants = readdirSync(folder).filter((file) => file.endsWith('.patch')).sort()
    .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));
  if (mutants.length === 0) {
    throw new Error(`No mutant is called ${wanted.join(' or ')}.`);
  }
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  copyTree(copy);
  let survivors = 0;
  for (const file of mutants) {
    const caught = await hunt(copy, file);
    survivors += caught ? 0 : 1;
  }
  console.log(`${mutants.length - survivors} of ${mutants.length} mutants caught within ${seeds} seeds.`);
  return survivors === 0;
}

/** All sources as they are now, changed and new ones too, without what was built from them. */
function copyTree(copy) {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0').filter((name) => name.length > 0)) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
}

async function hunt(copy, file) {
  const name = basename(file, '.patch');
  const patch = join(folder, file);
  const promise = readFileSync(patch, 'utf8').split('\n')[0];
  const startedAt = Date.now();
  apply(copy, patch);
  const build = await run(copy, 'dotnet', ['build', 'Simulation', '-c', 'Release', '-nologo', '-v', 'quiet', '-clp:NoSummary', '-p:TreatWarningsAsErrors=false', '-p:RunAnalyzers=false']);
  if (build.code !== 0) {
    throw new Error(`The mutant ${name} does not build:\n${build.output}`);
  }
  const program = join(copy, 'Simulation', 'bin', 'Release', 'net10.0', 'ServerlessAi.Simulation.dll');
  const hunted = await run(copy, 'dotnet', [program, '--seeds', String(seeds), '--stop-at-first']);
  apply(copy, patch, '--reverse');
  const lines = hunted.output.split('\n');
  const ran = /(\d+) seeds, \d+ failed/.exec(hunted.output)?.[1] ?? '?';
  const violation = lines.find((line) => line.startsWith('  '))?.trim() ?? '';
  const caught = hunted.code === 1 && violation.length > 0;
  console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${name}: ${promise} (${ran} seeds, ${Math.round((Date.now() - startedAt) / 1000)} s)`);
  console.log(`         ${caught ? violation.slice(0, 200) : hunted.output.trimEnd().split('\n').at(-1)}`);
  return caught;
}

function apply(copy, patch, ...options) {
  execFileSync('git', ['apply', ...options, patch], { cwd: copy, env: { ...process.env, GIT_DIR: join(copy, 'nowhere') }, stdio: ['ignore', 'inherit', 'inherit'] });
}

function run(cwd, program, args) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, AzurePackages: 'polyfill' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => done({ code: -1, output: error.message }));
    child.once('exit', (code) => done({ code, output: Buffer.concat(chunks).toString() }));
  });
}

check().then((good) => process.exit(good ? 0 : 1), (error) => {
  console.error(error.message);
  process.exit(2);
});
