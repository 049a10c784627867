import { describe, expect, test } from "vitest";
import { renderEnvoyConfig } from "./envoy-config.ts";

const config = renderEnvoyConfig({
  front: { address: "198.18.0.40", port: 443, certificate: "/edge.crt", key: "/edge.key" },
  origin: {
    address: "198.18.0.10",
    port: 30443,
    authority: "/ca.crt",
    clientCertificate: "/pull.crt",
    clientKey: "/pull.key",
  },
  passthrough: { address: "198.18.0.41", port: 443 },
  relay: { address: "198.18.0.10", port: 30444 },
  tunnels: { address: "127.0.0.1", port: 7845, domain: "apps.biplane.test" },
});
const [front, passthrough] = config.static_resources.listeners;
const [origin, relay] = config.static_resources.clusters;

describe("the front", () => {
  const text = JSON.stringify(front);
  test("offers HTTP/2 and HTTP/1.1 over TLS 1.2 and later", () => {
    expect(text).toContain('"alpn_protocols":["h2","http/1.1"]');
    expect(text).toContain('"tls_minimum_protocol_version":"TLSv1_2"');
    expect(text).toContain('"address":"198.18.0.40","port_value":443');
  });

  test("limits no request as a whole, and cuts a stream after 100 silent seconds", () => {
    expect(text).toContain('"stream_idle_timeout":"100s"');
    expect(text).toContain('"request_timeout":"0s"');
    expect(text).toContain('"route":{"cluster":"origin","timeout":"0s"}');
  });

  test("leads apps' hosts into tunnels, WebSockets too, and nothing else", () => {
    expect(text).toContain(
      '"domains":["*.apps.biplane.test"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":"tunnels","timeout":"0s","upgrade_configs":[{"upgrade_type":"websocket"}]}}]',
    );
    expect(text.split('"cluster":"tunnels"')).toHaveLength(2);
  });

  test("takes x-biplane-* headers off before it forwards", () => {
    const strip = text.indexOf('"remove_on_match":{"key_matcher":{"prefix":"x-biplane-","ignore_case":true}}');
    expect(strip).toBeGreaterThan(0);
    expect(strip).toBeLessThan(text.indexOf("router.v3.Router"));
  });
});

test("the origin sees the client certificate and must prove the asked name", () => {
  const text = JSON.stringify(origin);
  expect(text).toContain('"certificate_chain":{"filename":"/pull.crt"},"private_key":{"filename":"/pull.key"}');
  expect(text).toContain('"validation_context":{"trusted_ca":{"filename":"/ca.crt"}}');
  expect(text).toContain('"auto_sni":true,"auto_san_validation":true');
  expect(text).toContain("http2_protocol_options");
  expect(text).toContain('"address":"198.18.0.10","port_value":30443');
});

test("the relay's address passes bytes and ends no TLS", () => {
  const text = JSON.stringify([passthrough, relay]);
  expect(text).not.toContain("tls");
  expect(text).toContain("tcp_proxy");
  expect(text).toContain('"address":"198.18.0.41","port_value":443');
  expect(text).toContain('"address":"198.18.0.10","port_value":30444');
});
