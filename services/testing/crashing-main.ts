/** A service that ends by an error nobody catches, with what its test plants in it. */
import { runService } from "../shared/service.ts";

const [how, planted = ""] = process.argv.slice(2);

function thrown(): unknown {
  const cause = new Error(`the answer was refused: ${planted}`);
  if (how === "text") return planted;
  if (how === "object") return { message: planted, headers: { authorization: planted }, password: planted };
  return Object.assign(new Error(`a copy failed: ${planted}`, { cause }), { config: { url: planted } });
}

await runService({
  name: "crashing",
  shape: {},
  parts: () => {
    setTimeout(() => {
      if (how === "rejection") void Promise.reject(thrown());
      else throw thrown();
    }, 20);
    return {};
  },
});
