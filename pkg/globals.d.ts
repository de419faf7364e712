// What older libraries of TypeScript, and those of programs that run in no page, don't declare. Where they do, these are the same
// declarations once more, which count for nothing.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface HTMLVideoElement {
    readonly videoWidth: number;
    readonly videoHeight: number;
  }
  interface HTMLImageElement {
    readonly naturalWidth: number;
    readonly naturalHeight: number;
  }
  interface HTMLCanvasElement {
    width: number;
    height: number;
  }
  interface OffscreenCanvas {
    width: number;
    height: number;
  }
  interface ImageData {
    readonly width: number;
    readonly height: number;
  }
  interface ImageBitmap {
    readonly width: number;
    readonly height: number;
    close(): void;
  }
  interface VideoFrame {
    readonly codedWidth: number;
    readonly codedHeight: number;
    close(): void;
  }
}

export {};
