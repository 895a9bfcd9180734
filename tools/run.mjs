// `./dev run`: builds, starts the storage emulator and the app, and stops both together.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { claim } from './claim.mjs';
import { isInstalled, markInstalled, npm } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const startPatienceMs = 120_000;
// The app gives requests and settlements under way 30 s.
const stopPatienceMs = 40_000;
// The emulator's published account.
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const running = []; // In the order of starting.
let stopping = false;

class Refusal extends Error {}

async function run({ port, storagePort, data, configuration, build, localSettings }) {
  await refuseBusyPorts(port, storagePort);
  mkdirSync(join(data, 'azurite'), { recursive: true });
  if (!await claim(join(data, 'run.sock'))) {
    throw new Refusal(`Another ./dev run keeps its data in ${data}. Choose another folder with --data.`);
  }
  const app = join(root, 'Functions', 'bin', configuration, 'net10.0', 'ServerlessAi.Functions.dll');
  await prepare(build, configuration, app);
  await startStorage(storagePort, data);
  await startApp(app, port, storagePort, data, localSettings);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '7071' },
        'storage-port': { type: 'string', default: '10000' },
        data: { type: 'string', default: join(root, '.data') },
        configuration: { type: 'string', default: 'Release' },
        'no-build': { type: 'boolean', default: false },
        'no-local-settings': { type: 'boolean', default: false },
      },
    });
    return {
      port: portOf(values, 'port', 65_535),
      storagePort: portOf(values, 'storage-port', 65_533),
      data: resolve(values.data),
      configuration: values.configuration,
      build: !values['no-build'],
      localSettings: values['no-local-settings'] ? null : readLocalSettings(),
    };
  } catch (error) {
    throw new Refusal(`${error.message}\n./dev help lists the options.`);
  }
}

function portOf(values, name, most) {
  const port = Number(values[name]);
  if (!Number.isInteger(port) || port < 1 || port > most) {
    throw new Refusal(`--${name} needs a number from 1 to ${most}, not '${values[name]}'.`);
  }
  return port;
}

/** The values of local.settings.json, which may have comments and trailing commas. */
function readLocalSettings() {
  const file = join(root, 'local.settings.json');
  if (!existsSync(file)) {
    return {};
  }
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
    .replace(/("(?:[^"\\]|\\.)*")|\/\/.*|\/\*[^]*?\*\//g, '$1')
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, '$1');
  try {
    return JSON.parse(text).Values ?? {};
  } catch (error) {
    throw new Refusal(`${file} is not valid JSON: ${error.message}`);
  }
}

async function refuseBusyPorts(port, storagePort) {
  const wanted = [
    [port, 'the app', '--port'],
    ...['blobs', 'queues', 'tables'].map((what, i) => [storagePort + i, `the emulator's ${what}`, '--storage-port']),
  ];
  const problems = [];
  for (const [number, what, option] of wanted) {
    const problem = port >= storagePort && port <= storagePort + 2 && number === port ? 'is asked for twice' : await portProblem(number);
    if (problem) {
      problems.push(`Port ${number} (${what}) ${problem}. Choose another with ${option}.`);
    }
  }
  if (problems.length > 0) {
    throw new Refusal(problems.join('\n'));
  }
}

const portProblem = (port) => new Promise((done) => {
  const probe = net.createServer();
  probe.once('error', (error) => done(error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code})`));
  probe.listen(port, '127.0.0.1', () => probe.close(() => done(null)));
});

async function prepare(build, configuration, app) {
  // Two copies that start at the same moment must not build into the same folders.
  let turn;
  while (!(turn = await claim(join(root, 'tools', 'build.sock')))) {
    await sleep(200);
  }
  if (!isInstalled()) {
    console.log('Installing the storage emulator...');
    await step(npm.program, npm.args, npm.folder, 'npm could not install the packages of tools/.');
    markInstalled();
  }
  if (build) {
    console.log('Building...');
    const args = ['build', join(root, 'Functions'), '-c', configuration, '-nologo', '-v', 'quiet', '-clp:NoSummary', '--disable-build-servers'];
    await step('dotnet', args, root, 'The build failed.');
  }
  turn.close();
  if (!existsSync(app)) {
    throw new Refusal(`${app} does not exist. Leave out --no-build.`);
  }
}

async function step(program, args, folder, failure) {
  const child = start(program, program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.process.stdout.on('data', (chunk) => output.push(chunk));
  child.process.stderr.on('data', (chunk) => output.push(chunk));
  if (await child.ended !== 0 && !stopping) {
    throw new Refusal(`${Buffer.concat(output)}${failure}`);
  }
}

async function startStorage(storagePort, data) {
  const log = join(data, 'azurite.log');
  const file = openSync(log, 'w');
  const ports = ['blob', 'queue', 'table'].flatMap((service, i) => [
    `--${service}Port`, String(storagePort + i),
    // Longer than a client keeps an idle connection: one closed under a request looks like a lost reply.
    `--${service}KeepAliveTimeout`, '600',
  ]);
  const program = join(root, 'tools', 'node_modules', 'azurite', 'dist', 'src', 'azurite.js');
  const azurite = start('The storage emulator', process.execPath,
    [program, '--silent', '--skipApiVersionCheck', '--disableTelemetry', '--location', join(data, 'azurite'), ...ports], { stdio: ['ignore', file, file] });
  watch(azurite, () => `\n${readFileSync(log, 'utf8').trim().split('\n').slice(-20).join('\n')}`);
  const deadline = Date.now() + startPatienceMs;
  for (let i = 0; i < 3; i++) {
    while (!stopping && !await isListening(storagePort + i)) {
      if (Date.now() > deadline) {
        throw new Refusal(`The storage emulator does not answer on port ${storagePort + i}. Its output is in ${log}.`);
      }
      await sleep(50);
    }
  }
}

const isListening = (port) => new Promise((done) => {
  const connection = net.connect(port, '127.0.0.1', () => { connection.destroy(); done(true); });
  connection.once('error', () => done(false));
});

async function startApp(program, port, storagePort, data, localSettings) {
  const own = {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    Storage__ConnectionString: connectionString(storagePort),
    Access__AdminKey: 'local-admin-key-0000',
  };
  // The environment wins, then local.settings.json, which the app reads itself. Development storage means the emulator started here.
  for (const name of Object.keys(own)) {
    const value = process.env[name] || localSettings?.[name] || localSettings?.[name.replace('__', ':')];
    if (value && value !== 'UseDevelopmentStorage=true') {
      own[name] = value;
    }
  }
  const args = [program, '--port', String(port), '--data', join(data, 'host'), '--script-root', root, ...localSettings ? [] : ['--no-local-settings']];
  watch(start('The app', 'dotnet', args, { env: { ...process.env, ...own }, stdio: ['ignore', 'inherit', 'inherit'] }), () => '');
  const url = `http://127.0.0.1:${port}`;
  const health = await waitForHealth(`${url}/api/health`);
  if (health) {
    greet(url, storagePort, data, own, health);
  }
}

function connectionString(storagePort) {
  const endpoints = ['Blob', 'Queue', 'Table'].map((service, i) => `${service}Endpoint=http://127.0.0.1:${storagePort + i}/${account}`);
  return ['DefaultEndpointsProtocol=http', `AccountName=${account}`, `AccountKey=${accountKey}`, ...endpoints].join(';');
}

async function waitForHealth(url) {
  const deadline = Date.now() + startPatienceMs;
  let last = 'no answer';
  while (!stopping) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      last = await answer.text();
      if (answer.ok) {
        return JSON.parse(last);
      }
    } catch (error) {
      last = String(error.cause?.message ?? error.message);
    }
    if (Date.now() > deadline) {
      throw new Refusal(`The app did not become healthy: ${last}`);
    }
    await sleep(100);
  }
  return null;
}

function greet(url, storagePort, data, settings, health) {
  const serves = health.sampleStandsIn
    ? 'No provider keys: the built-in sample serves.'
    : `Providers: ${health.providers.join(', ') || 'none is configured'}.`;
  console.log(`
ServerlessAi is running. Ctrl-C stops it.

  API        ${url}/api
  Health     ${url}/api/health
  Storage    127.0.0.1, ports ${storagePort} to ${storagePort + 2}; kept in ${data}
  Admin key  ${process.env.Access__AdminKey ? 'as in Access__AdminKey' : settings.Access__AdminKey}
  ${serves}

  curl '${url}/api/ai-credits-status?userId=me'
`);
}

/** Starts a process in a group of its own: Ctrl-C reaches only this one, which then stops the others in order. */
function start(name, program, args, options) {
  if (stopping) {
    throw new Refusal('It is being stopped.');
  }
  const child = spawn(program, args, { ...options, detached: true });
  const entry = { name, process: child, leash: child.pid ? leash(child.pid) : null };
  entry.ended = new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal ?? code));
  }).then((how) => {
    entry.leash?.kill('SIGKILL');
    running.splice(running.indexOf(entry), 1);
    return how;
  });
  running.push(entry);
  return entry;
}

/** Ends a process when this one is gone without having been able to: its end closes the pipe. */
function leash(pid) {
  const script = 'read -r _; kill -s TERM -- "-$1"';
  const child = spawn('sh', ['-c', script, 'leash', String(pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => { /* It ended first. */ });
  return child;
}

/** Neither of the two runs without the other. */
function watch(entry, details) {
  entry.ended.then((how) => stop(`${entry.name} ended by itself (${typeof how === 'number' ? `exit code ${how}` : how}).${details()}`, 1));
}

function listenToSignals() {
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      if (signal !== 'SIGHUP' || !process.env.DEV_IGNORE_HANGUP) {
        stop(null, code);
      }
    });
  }
  // Whoever read the output has gone.
  process.stdout.on('error', () => stop(null, signals.SIGHUP));
  process.stderr.on('error', () => { /* Nothing is left to say it with. */ });
}

/** Stops the youngest first, so that the app can still write what it owes to storage. */
async function stop(message, code) {
  if (stopping) {
    return;
  }
  stopping = true;
  if (message) {
    console.error(message);
  } else if (running.length > 0) {
    console.log('Stopping...');
  }
  for (const entry of [...running].reverse()) {
    signal(entry, 'SIGTERM');
    if (await Promise.race([entry.ended, sleep(stopPatienceMs, 'late')]) === 'late') {
      console.error(`${entry.name} did not stop within ${stopPatienceMs / 1000} s and is killed.`);
      signal(entry, 'SIGKILL');
    }
  }
  if (code === signals.SIGHUP) {
    // Without its terminal, Node.js cannot exit in order.
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  }
  process.exit(code);
}

function signal(entry, name) {
  try {
    process.kill(-entry.process.pid, name);
  } catch {
    // It ended at this very moment.
  }
}

try {
  listenToSignals();
  await run(options());
} catch (error) {
  await stop(error instanceof Refusal ? error.message : error.stack, 1);
}
