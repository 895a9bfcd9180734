// The processes that `./dev run` starts: none outlives it, and the younger stops before the older.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from './options.mjs';

// The app gives requests and settlements under way 30 s.
const stopPatienceMs = 40_000;
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const running = []; // In the order of starting.
let stopping = false;

export const isStopping = () => stopping;

/** Starts a process in a group of its own: Ctrl-C reaches only this one, which then stops the others in order. */
export function start(name, program, args, options) {
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
export function watch(entry, details) {
  entry.ended.then((how) => stop(`${entry.name} ended by itself (${typeof how === 'number' ? `exit code ${how}` : how}).${details()}`, 1));
}

export function listenToSignals() {
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
export async function stop(message, code) {
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
