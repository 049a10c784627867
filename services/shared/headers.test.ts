import { expect, it } from "vitest";
import { passedHeaders } from "./headers.ts";

it("passes a request's own headers", () => {
  const headers = {
    authorization: "Bearer x",
    "content-type": "application/proto",
    "x-request-id": "1",
    te: "trailers",
  };
  expect(passedHeaders(headers)).toEqual(headers);
});

it.each([
  [":authority", "h"],
  ["connection", "close"],
  ["keep-alive", "timeout=5"],
  ["transfer-encoding", "chunked"],
  ["upgrade", "h2c"],
  ["http2-settings", "AAMAAABk"],
  ["proxy-authorization", "Basic x"],
  ["host", "h"],
  ["te", "gzip"],
  ["x-biplane-cluster", "globex/main"],
  ["x-biplane-anything", "1"],
])("does not pass %s", (name, value) => {
  expect(passedHeaders({ [name]: value, kept: "1" })).toEqual({ kept: "1" });
});

it("does not pass what Connection names", () => {
  expect(passedHeaders({ connection: "Close, X-Hop", "x-hop": "1", kept: "1" })).toEqual({ kept: "1" });
});
