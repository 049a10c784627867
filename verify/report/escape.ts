/** For XML and HTML alike, in text and in quoted attributes; control characters that XML forbids are dropped. */
export function escapeMarkup(raw: string): string {
  return raw
    .replace(/\p{Cc}/gu, (character) => (/[\t\n\r]/.test(character) ? character : ""))
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
