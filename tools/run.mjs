// `./dev run`: builds, starts the storage emulator and the app, and stops both together.
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStopping, listenToSignals, start, stop, watch } from './children.mjs';
import { claim } from './claim.mjs';
import { isInstalled, markInstalled, npm } from './install.mjs';
import { options, Refusal, root } from './options.mjs';
import { isListening, refuseBusyPorts } from './ports.mjs';

const startPatienceMs = 120_000;
// The emulator's published account.
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

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
  if (await child.ended !== 0 && !isStopping()) {
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
    while (!isStopping() && !await isListening(storagePort + i)) {
      if (Date.now() > deadline) {
        throw new Refusal(`The storage emulator does not answer on port ${storagePort + i}. Its output is in ${log}.`);
      }
      await sleep(50);
    }
  }
}

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
  while (!isStopping()) {
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
    : `Providers: ${health.providers.map((provider) => provider.name).join(', ') || 'none is configured'}.`;
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

try {
  listenToSignals();
  await run(options());
} catch (error) {
  await stop(error instanceof Refusal ? error.message : error.stack, 1);
}
