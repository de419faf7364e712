import { listOf, stringOf, wrong } from './arguments.js';
import { MobileNetError, messageOf } from './errors.js';
import { addressOf } from './files.js';

/**
 * Finds checkpoints by name, and the addresses of their files.
 *
 * @typedef {import('./files.js').Address} Address
 * @typedef {import('./index.js').CatalogueEntry} CatalogueEntry
 *
 * @typedef {object} Origin the files that a network can be loaded from
 * @property {import('./files.js').Bytes | import('./files.js').Files} weights
 * @property {import('./files.js').Json | undefined} config
 * @property {import('./files.js').Json | undefined} preprocessorConfig
 * @property {string | undefined} sha256
 * @property {number} [bytes]
 * @property {number} [patience] see {@link import('./download.js').DownloadOptions}
 */

const HUB = 'https://huggingface.co/{repository}/resolve/{revision}/{file}';
const MODELSCOPE = 'https://www.modelscope.cn/models/{repository}/resolve/master/{file}';

/** The wait for a host's answer: behind a firewall a host may not answer at all. ms */
const PATIENCE = 10_000;

/** The default cache of checkpoints that have a name. */
export const NAMED_CACHE = 'mobilenet-wasm-weights';

/**
 * @param {unknown} hosts
 * @param {unknown} baseUrl
 * @returns {string[]} templates of addresses, in the order of the attempts
 */
export function hostsOf(hosts, baseUrl) {
  const wanted = 'an array of addresses with {repository}, {revision}, {name} and {file}';
  const given = hosts === undefined || hosts === null ? [HUB, MODELSCOPE] : listOf('hosts', hosts, wanted);
  const templates = given.map((host, index) => {
    if (typeof host !== 'string' || !host.includes('{file}')) throw wrong('BAD_INPUT', `hosts[${index}]`, host, wanted);
    return addressOf('BAD_INPUT', `hosts[${index}]`, host).replaceAll('%7B', '{').replaceAll('%7D', '}');
  });
  if (baseUrl !== undefined && baseUrl !== null) {
    const base = stringOf(baseUrl);
    if (base === undefined) throw wrong('BAD_INPUT', 'baseUrl', baseUrl, 'the address of a folder');
    const { href } = new URL(addressOf('BAD_INPUT', 'baseUrl', base));
    templates.push(`${href.endsWith('/') ? href : `${href}/`}{name}/{file}`);
  }
  if (templates.length === 0) throw new MobileNetError('BAD_INPUT', `hosts is empty: give ${wanted}`);
  return templates;
}

/**
 * @param {string} name of a version or an entry of the catalogue
 * @param {string[]} hosts
 * @returns {Promise<Origin[]>} in the order of the attempts
 */
export async function originsOf(name, hosts) {
  const entry = await entryOf(name);
  const { repository, revision, file, bytes } = entry;
  const sha256 = entry.sha256 ?? undefined;
  /** @type {(template: string) => Address} */
  const addressIn = (template) => {
    const values = { repository, revision, name: entry.name, file };
    const filled = (/** @type {string} */ template) =>
      template.replace(/\{(\w+)\}/g, (_, field) => values[/** @type {keyof typeof values} */ (field)] ?? `{${field}}`);
    return { address: filled(template), key: filled(HUB) };
  };
  // Without a digest nobody would notice that a mirror changed a file.
  const trusted = hosts.filter((host) => sha256 !== undefined || host !== MODELSCOPE);
  if (trusted.length === 0) {
    throw new MobileNetError(
      'FETCH_FAILED',
      `${entry.name} has no digest in the catalogue: ask the Hub or a host of yours`,
    );
  }
  return trusted.map((host, index) => ({
    weights: addressIn(host),
    config: { text: JSON.stringify(entry.config) },
    preprocessorConfig: undefined,
    sha256,
    bytes,
    patience: index + 1 < trusted.length ? PATIENCE : undefined,
  }));
}

/**
 * @param {string} name
 * @returns {Promise<CatalogueEntry>}
 */
export async function entryOf(name) {
  /** @type {CatalogueEntry[]} */
  let catalogue;
  try {
    const module = await import('./wasm/catalogue.js');
    catalogue = /** @type {CatalogueEntry[]} */ (module.default);
  } catch (cause) {
    throw new MobileNetError('FETCH_FAILED', `the catalogue could not be loaded: ${messageOf(cause)}`, { cause });
  }
  const named = catalogue.find((entry) => entry.name === name || entry.short === name);
  const ofVersion = catalogue.filter((entry) => entry.version === name);
  const entry = named ?? ofVersion.find((one) => one.default) ?? ofVersion[0];
  if (entry) return entry;
  const usual = catalogue.filter((one) => one.short || one.default).map(({ version, short }) => short ?? version);
  const names = [...usual, ...catalogue.map(({ name }) => name)].join(', ');
  throw wrong('UNKNOWN_NETWORK', 'the name of the network', name, `one of ${names}`);
}
