/** What the sections below the columns say. */
export const figures = {};
