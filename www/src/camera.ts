import { element } from './element';
import { cameraMessage } from './messages';
import type { Picture, Stage } from './stage';
import { text } from './text';

/** The resolutions on offer. Pixels. */
const SIZES = ['320×240', '640×480', '1280×720', '1920×1080'];
/** The networks read 224 pixels a side. More than this helps only if the visitor chooses a part of the picture. */
const USUAL_SIZE = '640×480';

/** The camera's button, the choice among cameras, and the stream. */
export class CameraPanel {
  readonly #toggle = element<HTMLButtonElement>('camera-toggle');
  readonly #choice = element<HTMLLabelElement>('camera-choice');
  readonly #select = element<HTMLSelectElement>('camera-select');
  readonly #sizeChoice = element<HTMLLabelElement>('camera-size');
  readonly #sizeSelect = element<HTMLSelectElement>('camera-size-select');
  #size = USUAL_SIZE;
  #stream: MediaStream | null = null;
  /** The frame that is shown during a pause. */
  #paused: Picture | null = null;
  readonly #pause = element<HTMLButtonElement>('camera-pause');
  readonly #flip = element<HTMLButtonElement>('camera-flip');
  /** Counts starts and stops, so that a late permission doesn't start a camera that was stopped meanwhile. */
  #attempt = 0;

  /**
   * @param onChange called when the camera begins or ends
   * @param report takes a message for the visitor; '' for none
   */
  constructor(
    private readonly stage: Stage,
    private readonly onChange: () => void,
    private readonly report: (message: string) => void,
  ) {
    this.#toggle.addEventListener('click', () => {
      if (this.#stream) this.stop();
      else void this.start();
    });
    this.#select.addEventListener('change', () => void this.start(this.#select.value));
    this.#sizeSelect.addEventListener('change', () => void this.#resize(this.#sizeSelect.value));
    this.#pause.addEventListener('click', () => void (this.#paused ? this.#resume() : this.#hold()));
    this.#flip.addEventListener(
      'click',
      () => void this.start(undefined, this.#faces === 'user' ? 'environment' : 'user'),
    );
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
  }

  get running(): boolean {
    return this.#stream !== null;
  }

  /** @param facing the direction of the camera if none is chosen: a phone's back camera is the one to point at things */
  async start(deviceId?: string, facing: Facing = 'environment'): Promise<void> {
    if (!navigator.mediaDevices) {
      this.report(text.page.camera.insecure);
      return;
    }
    const attempt = ++this.#attempt;
    this.#end();
    this.#toggle.disabled = true;
    this.report('');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: constraints(this.#size, deviceId, facing) });
      if (attempt !== this.#attempt) return stopTracks(stream);
      await this.#play(stream);
      await this.#list();
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#end();
        this.report(cameraMessage(error));
        this.onChange();
      }
    } finally {
      this.#toggle.disabled = false;
    }
  }

  stop(): void {
    this.#attempt++;
    this.#end();
    this.onChange();
  }

  async #play(stream: MediaStream): Promise<void> {
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener('ended', () => {
      if (this.#stream !== stream) return;
      this.stop();
      this.report(text.page.camera.ended);
    });
    const { video } = this.stage;
    video.srcObject = stream;
    await video.play();
    this.stage.showCamera({ mirrored: this.#faces === 'user' });
    this.#toggle.textContent = text.page.camera.stop;
    this.#pause.hidden = false;
    this.#showPause();
    this.#showSize();
    this.onChange();
  }

  /** Switches the camera to another size, or the nearest that it has. */
  async #resize(size: string): Promise<void> {
    const [track] = this.#stream?.getVideoTracks() ?? [];
    this.#size = size;
    try {
      await track?.applyConstraints(sizeOf(size));
    } catch (error) {
      this.report(cameraMessage(error));
    }
    this.#showSize();
  }

  /** Shows the actual size of the frames, which may not be on the list. */
  #showSize(): void {
    const { width, height } = this.#stream?.getVideoTracks()[0].getSettings() ?? {};
    this.#sizeChoice.hidden = !width || !height;
    if (!width || !height) return;
    const size = `${Math.max(width, height)}×${Math.min(width, height)}`;
    const sizes = SIZES.includes(size) ? SIZES : [...SIZES, size];
    this.#sizeSelect.replaceChildren(...sizes.map((one) => new Option(one, one, false, one === size)));
  }

  /** The camera's direction. */
  get #faces(): string {
    // A webcam above a screen reports no facing mode.
    return this.#stream?.getVideoTracks()[0].getSettings().facingMode ?? 'user';
  }

  /** Freezes the current frame. */
  async #hold(): Promise<void> {
    const stream = this.#stream;
    const bitmap = await createImageBitmap(this.stage.video).catch(() => null);
    if (!bitmap) return;
    if (stream !== this.#stream || this.stage.picture?.kind !== 'live') return bitmap.close();
    this.stage.showStill(bitmap, text.page.camera.paused, { mirrored: this.#faces === 'user', keepRegion: true });
    this.#paused = this.stage.picture;
    this.#showPause();
    this.onChange();
  }

  #resume(): void {
    this.#paused = null;
    this.stage.showCamera({ mirrored: this.#faces === 'user', keepRegion: true });
    this.#showPause();
    this.onChange();
  }

  #showPause(): void {
    this.#pause.textContent = this.#paused ? text.page.camera.resume : text.page.camera.pause;
  }

  #end(): void {
    if (!this.#stream) return;
    stopTracks(this.#stream);
    this.#stream = null;
    this.stage.video.srcObject = null;
    this.#toggle.textContent = text.page.camera.start;
    this.#pause.hidden = this.#flip.hidden = this.#sizeChoice.hidden = true;
    const { picture } = this.stage;
    if (picture && (picture.kind === 'live' || picture === this.#paused)) this.stage.clear();
    this.#paused = null;
  }

  /** Lists the cameras. They have names only after the visitor has allowed one. */
  async #list(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId);
    const current = this.#stream?.getVideoTracks()[0].getSettings().deviceId;
    this.#select.replaceChildren(
      ...cameras.map(
        ({ deviceId, label }, i) =>
          new Option(label || text.page.camera.unnamed(i + 1), deviceId, false, deviceId === current),
      ),
    );
    this.#choice.hidden = cameras.length < 2;
    // The list has all of a phone's cameras; this button switches between front and back.
    const turnable = ['user', 'environment'].includes(this.#stream?.getVideoTracks()[0].getSettings().facingMode ?? '');
    this.#flip.hidden = cameras.length < 2 || !turnable;
    this.#flip.textContent = this.#faces === 'user' ? text.page.camera.back : text.page.camera.front;
  }
}

type Facing = 'user' | 'environment';

function constraints(size: string, deviceId: string | undefined, facing: Facing): MediaTrackConstraints {
  // A laptop's one camera is used for either direction.
  return deviceId
    ? { ...sizeOf(size), deviceId: { exact: deviceId } }
    : { ...sizeOf(size), facingMode: { ideal: facing } };
}

function sizeOf(size: string): MediaTrackConstraints {
  const [width, height] = size.split('×').map(Number);
  return { width: { ideal: width }, height: { ideal: height } };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
