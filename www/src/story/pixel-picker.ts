interface Size {
  width: number;
  height: number;
}

/** Lets the visitor point at a map's pixels: by pointer, by touch, or, as in a slider, by arrow keys. */
export class PixelPicker {
  /** The place at which the visitor pointed, as shares of the map's sides. */
  #place: [x: number, y: number] = [0.5, 0.5];
  /** Whether the visitor pointed since the last {@link say}. */
  #pointed = false;

  /**
   * @param maps where the visitor points
   * @param keyed one of them, which has the keyboard's focus
   * @param label its label for screen readers
   * @param size the size of the map in `keyed`; `null` while there is none. Pixels
   */
  constructor(
    maps: readonly HTMLElement[],
    private readonly keyed: HTMLElement,
    label: string,
    private readonly size: () => Size | null,
    private readonly onPoint: () => void,
  ) {
    for (const map of maps) {
      const point = ({ clientX, clientY }: PointerEvent) => {
        const { left, top, width, height } = map.getBoundingClientRect();
        this.#point([(clientX - left) / width, (clientY - top) / height]);
      };
      map.addEventListener('pointermove', point);
      map.addEventListener('pointerdown', point);
    }
    keyed.tabIndex = 0;
    keyed.setAttribute('role', 'slider');
    keyed.setAttribute('aria-label', label);
    for (const bound of ['valuemin', 'valuenow', 'valuemax']) keyed.setAttribute(`aria-${bound}`, '0');
    keyed.addEventListener('keydown', (event) => {
      const step = STEPS[event.key];
      const size = this.size();
      if (!step || !size) return;
      event.preventDefault();
      const [x, y] = this.at(size);
      const next = (at: number, side: number) => (Math.min(side - 1, Math.max(0, at)) + 0.5) / side;
      this.#point([next(x + step[0], size.width), next(y + step[1], size.height)]);
    });
  }

  /** The pixel at that place in a map. */
  at({ width, height }: Size): [x: number, y: number] {
    const within = (share: number, side: number) => Math.min(side - 1, Math.max(0, Math.floor(share * side)));
    return [within(this.#place[0], width), within(this.#place[1], height)];
  }

  #point(place: [x: number, y: number]): void {
    this.#place = place;
    this.#pointed = true;
    this.onPoint();
  }

  /** Tells screen readers what the pixel has; while it has the focus, only if the visitor pointed: frames follow each other fast. */
  say(said: string, size: Size): void {
    if (!this.#pointed && document.activeElement === this.keyed) return;
    this.#pointed = false;
    const [x, y] = this.at(size);
    this.keyed.setAttribute('aria-valuenow', String(y * size.width + x));
    this.keyed.setAttribute('aria-valuemax', String(size.width * size.height - 1));
    this.keyed.setAttribute('aria-valuetext', said);
  }
}

const STEPS: Partial<Record<string, [x: number, y: number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};
