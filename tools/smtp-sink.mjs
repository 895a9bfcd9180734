// A mail server for tests, on a free port of this machine. Prints its port, then each mail it took, as lines of JSON. Recipients that begin with "busy" are
// put off with 450 and those that begin with "nobody" refused with 550. It ends with its standard input, and with it whoever started it.
import { SMTPServer } from 'smtp-server';

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const refuse = (code, text) => Object.assign(new Error(text), { responseCode: code });

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onRcptTo({ address }, session, done) {
    if (address.startsWith('busy')) {
      say({ refused: 450 });
      done(refuse(450, 'Try again later'));
    } else if (address.startsWith('nobody')) {
      say({ refused: 550 });
      done(refuse(550, 'No such mailbox'));
    } else {
      done();
    }
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      say({ from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map(({ address }) => address), mail: Buffer.concat(chunks).toString('latin1') });
      done();
    });
  },
});
// A client that leaves in the middle is no reason to end.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => say({ port: server.server.address().port }));
process.stdin.resume().on('end', () => process.exit(0));
