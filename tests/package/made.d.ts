// What `www/bundle-package.js` makes, which need not be there when types are checked.
declare module '*/wasm/labels.js' {
  const labels: string[];
  export default labels;
}

declare module '*/wasm/catalogue.js' {
  const catalogue: import('../../pkg/index.js').CatalogueEntry[];
  export default catalogue;
}
