/** What the page tells its service worker. */
export interface Used {
  /** Addresses of what it has loaded, to be kept too. */
  used: string[];
}
