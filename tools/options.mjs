// What `./dev run` is asked for.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const root = resolve(import.meta.dirname, '..');

/** A reason not to run, for whoever asked. */
export class Refusal extends Error {}

export function options() {
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
