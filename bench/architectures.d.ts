// A build writes it.
declare module '*/wasm/architectures.json' {
  const architectures: import('../pkg/index.js').Architecture[];
  export default architectures;
}
