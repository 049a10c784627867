/** The static key of one profile in an AWS credentials file. */
export interface AccessKey {
  id: string;
  secret: string;
}

/** @param content of the file; sections as `[profile]`, settings as `name = value`. */
export function accessKeyOf(content: string, profile: string): AccessKey | undefined {
  const lines = content.split("\n").map((line) => line.trim());
  const start = lines.indexOf(`[${profile}]`);
  if (start < 0) return undefined;
  const end = lines.findIndex((line, index) => index > start && line.startsWith("["));
  const settings = new Map(
    lines.slice(start + 1, end < 0 ? undefined : end).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
  const [id, secret] = [settings.get("aws_access_key_id"), settings.get("aws_secret_access_key")];
  return id && secret ? { id, secret } : undefined;
}
