/** What the answer says of its size is believed where it is too large, and counted where it is not. */
export async function readUpTo(answer: Response, maxBytes: number): Promise<Uint8Array | { tooLarge: number }> {
  const said = Number(answer.headers.get("content-length") ?? 0);
  if (said > maxBytes) {
    await answer.body?.cancel();
    return { tooLarge: said };
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) return { tooLarge: size };
    parts.push(part);
  }
  return Buffer.concat(parts);
}
