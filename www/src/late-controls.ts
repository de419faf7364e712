/** Lists and fields of text: what a browser may fill in. */
const FILLABLE = 'select, input:not([type=range], [type=checkbox], [type=file])';

/** The time between two parts that get their controls back unasked, since the browser lays out each. ms */
const PAUSE = 500;

/** Those that are still without theirs: they put them back. */
const incomplete = new Set<() => void>();

/**
 * Takes such controls out of a part of the page that isn't laid out yet. For its autofill Chrome asks whether each of them can be seen,
 * and for the answer lays out all that is around it, folded up or far below the screen: one task of 30 to 130 ms while the page opened
 * (412 pixels wide, two busy cores).
 * @returns puts them back into their places
 */
export function takeOut(part: HTMLElement): () => void {
  const taken = [...part.querySelectorAll(FILLABLE)].map((control) => {
    const place = document.createComment('');
    control.replaceWith(place);
    return { control, place };
  });
  return () => {
    for (const { control, place } of taken.splice(0)) place.replaceWith(control);
  };
}

/**
 * Takes the controls out of a part until it comes near, until the page is printed or worked by keyboard, or until {@link complete} is
 * called.
 */
export function takeOutWhileFar(part: HTMLElement): void {
  const putBack = takeOut(part);
  const near = () => {
    observer.disconnect();
    incomplete.delete(near);
    putBack();
  };
  // Near: less than a screen is between it and what can be seen.
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) near();
    },
    { rootMargin: '100% 0px' },
  );
  incomplete.add(near);
  observer.observe(part);
}

/** Gives all parts their controls, one by one. A screen reader lists controls wherever they are. */
export async function complete(): Promise<void> {
  for (const putBack of incomplete) {
    putBack();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function completeAtOnce(): void {
  for (const putBack of incomplete) putBack();
}

addEventListener('beforeprint', completeAtOnce);
addEventListener('keydown', ({ key }) => key === 'Tab' && completeAtOnce(), { capture: true });
