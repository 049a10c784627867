/** Azure's Key Vault in memory, so far as the service calls it. It judges no rights; what is deleted keeps its name. */
import { azure } from "../../../../shared/azure.ts";

export function keyVault(vault: string) {
  /** By name; undefined once it is deleted. */
  const held = new Map<string, { value: string; tags: Record<string, string> } | undefined>();
  const asked: string[] = [];
  let failing = { status: 0, times: 0 };

  const problem = (status: number, message: string) => Response.json({ error: { code: "x", message } }, { status });

  const client = azure({
    ...{ env: {}, token: async () => "t", backoffMs: 1 },
    async send(url, { method, body }) {
      const { host, pathname, searchParams } = new URL(url);
      asked.push(`${method} ${pathname}`);
      if (failing.times-- > 0) return problem(failing.status, "told to fail");
      const [, name] = /^\/secrets\/([0-9a-zA-Z-]{1,127})$/.exec(pathname) ?? [];
      const known = host === `${vault}.vault.azure.net` && searchParams.get("api-version") === "7.4";
      if (!known || !name) return problem(400, `${method} ${url} is not served`);
      const found = held.get(name);
      if (method === "PUT") {
        if (held.has(name) && !found) return problem(409, `Secret ${name} is in a deleted but recoverable state`);
        const { value, tags } = JSON.parse(String(body));
        if (Buffer.byteLength(value) > 25 * 1024) return problem(400, "the value is too long");
        held.set(name, { value, tags });
        return Response.json({ id: url });
      }
      if (!found) return problem(404, `A secret with (name/id) ${name} was not found in this key vault.`);
      if (method === "DELETE") held.set(name, undefined);
      return Response.json({ value: found.value });
    },
  });
  return {
    client,
    held,
    asked,
    fail(status: number, times: number) {
      failing = { status, times };
    },
  };
}
