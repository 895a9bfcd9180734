// Which ports are taken, before anything starts.
import net from 'node:net';
import { Refusal } from './options.mjs';

/** Names every port that cannot be used, with the option that changes it. */
export async function refuseBusyPorts(port, storagePort) {
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

export const isListening = (port) => new Promise((done) => {
  const connection = net.connect(port, '127.0.0.1', () => { connection.destroy(); done(true); });
  connection.once('error', () => done(false));
});
