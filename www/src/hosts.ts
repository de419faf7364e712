import type catalogue from 'mobilenet-wasm/catalogue.json';

export type Entry = (typeof catalogue)[number];

/** A site that has the catalogue's files. */
export interface Host {
  name: string;
  /** An address with places for `{repository}`, `{revision}` and `{file}`. */
  template: string;
  /** Whether what comes from it is the file of that revision. Of others only files with a digest are taken. */
  authentic: boolean;
}

/** In the order in which they are asked. */
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

/** ms. Behind a firewall nothing answers, not even with a refusal. */
const PATIENCE = 5000;
const REMEMBERED = 'mobilenet-wasm-host';
/** The site's owner puts another host's template there, and its origin into the Content-Security-Policy. */
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

/** Finds the first host that answers, and remembers it. `null` where none does. */
export async function answeringHost(entry: Entry): Promise<Host | null> {
  for (const host of hostsOf(entry)) {
    if (await serves(host, entry)) {
      remember(host);
      return host;
    }
  }
  return null;
}

/** Whether `host` has `entry`: its configuration tells, which is small. Some answer a missing file with a page of their own. */
export async function serves(host: Host, entry: Entry): Promise<boolean> {
  try {
    const response = await fetch(addressOf(host, entry, 'config.json'), { signal: AbortSignal.timeout(PATIENCE) });
    return response.ok && typeof (await response.json()).architecture === 'string';
  } catch {
    return false;
  }
}

export function remember({ template }: Host): void {
  try {
    localStorage.setItem(REMEMBERED, template);
  } catch {
    // Where the browser refuses its storage, the next visit asks in the usual order.
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}
