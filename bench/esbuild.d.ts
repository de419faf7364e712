// As much of esbuild as `bundle.js` calls: only a measurement installs it.
declare module 'esbuild' {
  export function build(options: { entryPoints: string[]; outdir: string } & Record<string, unknown>): Promise<object>;
}
