/** What a browser carries for us between two pages: encrypted, for a few minutes, of use to nobody else. */
import { hkdfSync } from "node:crypto";
import { EncryptJWT, errors, jwtDecrypt } from "jose";
import type { z } from "zod";
import { setCookie as cookieLine, cookieOf } from "../../shared/cookies.ts";
import type { HttpRequest, HttpResponse } from "../../shared/http.ts";

export interface Sealer {
  /** @param purpose what it is for: it opens for nothing else. */
  seal(purpose: string, content: Record<string, unknown>, lifetimeSeconds: number): Promise<string>;
  /** @returns undefined for what is forged, over, or sealed for something else. */
  open<T extends z.ZodType>(purpose: string, sealed: string, schema: T): Promise<z.output<T> | undefined>;
}

/** @param pem as of signing.ts: the first key seals, each opens, so that a change of keys loses nobody's sign-in. */
export function createSealer(issuer: string, pem: readonly string[]): Sealer {
  const keys = pem.map((key) => new Uint8Array(hkdfSync("sha256", key, "", "biplane sign-in pages", 32)));
  return {
    seal: (purpose, content, lifetimeSeconds) =>
      new EncryptJWT(content)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setIssuer(issuer)
        .setAudience(purpose)
        .setExpirationTime(`${lifetimeSeconds}s`)
        .encrypt(keys[0] ?? new Uint8Array()),
    async open(purpose, sealed, schema) {
      for (const key of keys) {
        try {
          const { payload } = await jwtDecrypt(sealed, key, {
            ...{ issuer, audience: purpose },
            keyManagementAlgorithms: ["dir"],
            contentEncryptionAlgorithms: ["A256GCM"],
          });
          return schema.safeParse(payload).data;
        } catch (error) {
          // Another key's, or nobody's.
          if (!(error instanceof errors.JOSEError)) throw error;
        }
      }
      return undefined;
    },
  };
}

/** Beside those that the answer sets already. */
export function setCookie(response: HttpResponse, name: string, value: string, lifetimeSeconds: number): void {
  const before = [response.getHeader("set-cookie") ?? []].flat().map(String);
  response.setHeader("set-cookie", [...before, cookieLine(name, value, lifetimeSeconds)]);
}

export const endCookie = (response: HttpResponse, name: string) => setCookie(response, name, "", 0);

export function readCookie(request: HttpRequest, name: string): string | undefined {
  return cookieOf(request.headers, name);
}
