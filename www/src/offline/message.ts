/** The page's message to its service worker. */
export interface Used {
  /** Addresses of the files that the page has loaded, to store them too. */
  used: string[];
}
