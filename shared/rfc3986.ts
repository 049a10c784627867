/** Escaping as signed requests have it: everything but the unreserved characters of RFC 3986. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Each segment for itself. */
export function escapedPath(path: string): string {
  return path.split("/").map(escaped).join("/");
}
