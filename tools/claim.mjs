// A claim that only one process of this machine can hold. The system drops it with the process, however that ends.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';

// What systems accept as the path of a socket.
const pathLimit = 100;

/** Resolves to the claim (close it to give it back), or to null when another process holds it. The name is the path of a file to be. */
export async function claim(name) {
  const short = `serverlessai-${createHash('sha256').update(name).digest('hex').slice(0, 16)}.sock`;
  const socket = Buffer.byteLength(name) < pathLimit ? name : join(os.tmpdir(), short);
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = await listen(socket);
    if (server) {
      server.unref();
      process.once('exit', () => server.listening && rmSync(socket, { force: true }));
      return server;
    }
    if (await isAnswering(socket)) {
      return null;
    }
    // Left behind by a process that was killed.
    rmSync(socket, { force: true });
  }
  return null;
}

const listen = (socket) => new Promise((resolve) => {
  const server = net.createServer((connection) => connection.destroy());
  server.once('error', () => resolve(null)).listen(socket, () => resolve(server));
});

const isAnswering = (socket) => new Promise((resolve) => {
  const connection = net.connect(socket, () => { connection.destroy(); resolve(true); });
  connection.once('error', () => resolve(false));
});
