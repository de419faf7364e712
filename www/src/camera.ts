import { cameraMessage } from './messages';
import { element, type Stage } from './stage';
import { text } from './text';

/** The camera's button, the choice among cameras, and the stream. */
export class CameraPanel {
  readonly #toggle = element<HTMLButtonElement>('camera-toggle');
  readonly #choice = element<HTMLLabelElement>('camera-choice');
  readonly #select = element<HTMLSelectElement>('camera-select');
  #stream: MediaStream | null = null;
  /** Counts starts and stops: a permission answered late must not switch on what was switched off meanwhile. */
  #attempt = 0;

  /**
   * @param onChange the camera came to show a picture, or ended
   * @param report takes what to tell the visitor, '' for nothing
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
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
  }

  get running(): boolean {
    return this.#stream !== null;
  }

  async start(deviceId?: string): Promise<void> {
    if (!navigator.mediaDevices) {
      this.report(text.page.camera.insecure);
      return;
    }
    const attempt = ++this.#attempt;
    this.#end();
    this.#toggle.disabled = true;
    this.report('');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: constraints(deviceId) });
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
    // A desktop's webcam names no facing mode, and sits above the screen.
    const facing = track.getSettings().facingMode ?? 'user';
    this.stage.showCamera(facing === 'user');
    this.#toggle.textContent = text.page.camera.stop;
    this.onChange();
  }

  #end(): void {
    if (!this.#stream) return;
    stopTracks(this.#stream);
    this.#stream = null;
    this.stage.video.srcObject = null;
    this.#toggle.textContent = text.page.camera.start;
    if (this.stage.picture?.kind === 'live') this.stage.clear();
  }

  /** Cameras have names only once the visitor has allowed one. */
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
  }
}

function constraints(deviceId?: string): MediaTrackConstraints {
  // The networks read 224 pixels a side: more than this would only be thrown away.
  const size = { width: { ideal: 640 }, height: { ideal: 480 } };
  // A phone's rear camera is the one to point at things; a laptop has no such camera and takes its only one.
  return deviceId ? { ...size, deviceId: { exact: deviceId } } : { ...size, facingMode: { ideal: 'environment' } };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
