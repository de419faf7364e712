import type catalogue from 'mobilenet-wasm/catalogue.json';

export type Entry = (typeof catalogue)[number];

/** A site that has the catalogue's files. */
export interface Host {
  name: string;
  /** An address with the placeholders `{repository}`, `{revision}` and `{file}`. */
  template: string;
  /** Whether its files are surely those of the revision. Other hosts are trusted only for files with a digest. */
  authentic: boolean;
}

/** In the order of the attempts. */
const HOSTS: Host[] = [
  {
    name: 'Hugging Face Hub',
    template: 'https://huggingface.co/{repository}/resolve/{revision}/{file}',
    authentic: true,
  },
  {
    name: 'ModelScope',
    template: 'https://www.modelscope.cn/models/{repository}/resolve/master/{file}',
    authentic: false,
  },
];

/** The wait for an answer: behind a firewall a host may not answer at all. ms */
const PATIENCE = 5000;
const REMEMBERED = 'mobilenet-wasm-host';
/** The site's owner can put the template of another host there, and its origin into the Content-Security-Policy. */
const OWNERS = 'meta[name="weights-host"]';

/** The hosts that may have the files of `entry`: first the one that answered last time. */
export function hostsOf({ sha256 }: Entry): Host[] {
  const template = document.querySelector<HTMLMetaElement>(OWNERS)?.content;
  const all = template
    ? [...HOSTS, { name: new URL(template, location.href).host, template, authentic: false }]
    : HOSTS;
  const remembered = recall();
  return all
    .filter(({ authentic }) => authentic || sha256)
    .sort((a, b) => Number(b.template === remembered) - Number(a.template === remembered));
}

/** @returns the absolute address of a file of `entry` */
export function addressOf({ template }: Host, entry: Entry, file: string): string {
  const places: Record<string, string> = { repository: entry.repository, revision: entry.revision, file };
  return new URL(
    template.replace(/\{(\w+)\}/g, (all, name: string) => places[name] ?? all),
    location.href,
  ).href;
}

/** Finds the first host that answers, and remembers it; `null` if none does. */
export async function answeringHost(entry: Entry): Promise<Host | null> {
  for (const host of hostsOf(entry)) {
    if (await serves(host, entry)) {
      remember(host);
      return host;
    }
  }
  return null;
}

/**
 * Whether `host` has `entry`. Asks for its small configuration, since some hosts answer a missing file with a page of their own.
 * @param cancelled another end of the wait
 */
export async function serves(host: Host, entry: Entry, cancelled?: AbortSignal): Promise<boolean> {
  const patience = AbortSignal.timeout(PATIENCE);
  const signal = cancelled ? AbortSignal.any([patience, cancelled]) : patience;
  try {
    const response = await fetch(addressOf(host, entry, 'config.json'), { signal });
    return response.ok && typeof (await response.json()).architecture === 'string';
  } catch {
    return false;
  }
}

export function remember({ template }: Host): void {
  try {
    localStorage.setItem(REMEMBERED, template);
  } catch {
    // If the browser refuses its storage, the next visit asks in the usual order.
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}
