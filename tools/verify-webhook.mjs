// Verifies a webhook as its receiver would, with nothing of this repository's: reads { secret, headers, body, now } as JSON from standard input, prints
// "verified", or ends with 1 and says why not. The scheme: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const toleranceSeconds = 5 * 60;
const { secret, headers, body, now } = JSON.parse(readFileSync(0, 'utf8'));

const refuse = (why) => {
  console.error(why);
  process.exit(1);
};

const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
if (!id || !timestamp || !signatures) {
  refuse('A header is missing.');
}
if (id.includes('.') || !/^\d+$/.test(timestamp)) {
  refuse('The id or the timestamp is malformed.');
}
if (Math.abs(now - Number(timestamp)) > toleranceSeconds) {
  refuse('The timestamp is too far from now.');
}
if (!secret.startsWith('whsec_')) {
  refuse('The secret has no prefix.');
}
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
if (key.length < 24 || key.length > 64) {
  refuse('The key has the wrong length.');
}
const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`, 'utf8').digest();
const matches = signatures.split(' ').some((signature) => {
  const [version, value] = signature.split(',');
  const given = Buffer.from(value ?? '', 'base64');
  return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
});
if (!matches) {
  refuse('No signature matches.');
}
console.log('verified');
