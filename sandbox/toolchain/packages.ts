/** Debian packages: what the machine's own package manager has is taken from there. */
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../paths.ts";
import type { Machine } from "./machine.ts";
import { runLogged } from "./run.ts";

export interface SystemPackage {
  name: string;
  /** Programs on PATH, or absolute paths, that show it is there, whoever installed it. */
  shownBy: string[];
}

export const systemPackages: SystemPackage[] = [
  { name: "buildah", shownBy: ["buildah"] },
  // The package's own record: `busybox` alone may be the dynamic one, which runs in no empty image.
  { name: "busybox-static", shownBy: ["busybox", "/var/lib/dpkg/info/busybox-static.list"] },
  { name: "ca-certificates", shownBy: ["/etc/ssl/certs/ca-certificates.crt"] },
  { name: "conntrack", shownBy: ["conntrack"] },
  { name: "containerd", shownBy: ["containerd", "containerd-shim-runc-v2", "ctr"] },
  { name: "containernetworking-plugins", shownBy: ["/usr/lib/cni/bridge", "/usr/lib/cni/host-local"] },
  { name: "debian-archive-keyring", shownBy: ["/usr/share/keyrings/debian-archive-keyring.gpg"] },
  { name: "debootstrap", shownBy: ["debootstrap"] },
  { name: "docker-registry", shownBy: ["docker-registry"] },
  { name: "etcd-server", shownBy: ["etcd"] },
  { name: "ethtool", shownBy: ["ethtool"] },
  { name: "gpgv", shownBy: ["gpgv"] },
  { name: "iproute2", shownBy: ["ip"] },
  { name: "iptables", shownBy: ["iptables", "iptables-restore"] },
  { name: "nftables", shownBy: ["nft"] },
  { name: "runc", shownBy: ["runc"] },
];

/** Cilium's agent compiles what it puts into the kernel when it starts. */
export const datapathCompiler: SystemPackage[] = [
  { name: "clang-19", shownBy: ["clang-19"] },
  { name: "llvm-19", shownBy: ["llc-19"] },
];

/** For the tests of pages alone: 125 MB that no command needs. */
export const browserPackage: SystemPackage = { name: "chromium", shownBy: ["chromium"] };

/** @param also of extended parts. @default none */
export function missingPackages(machine: Machine, also: readonly SystemPackage[] = []): string[] {
  const missing = [...systemPackages, ...also].filter((one) => !isThere(one, machine)).map(({ name }) => name);
  return canMakeEnvironments(machine) ? missing : [...missing, "python3-venv"];
}

export function isThere({ shownBy }: SystemPackage, machine: Machine): boolean {
  return shownBy.every((sign) => (sign.startsWith("/") ? existsSync(sign) : machine.find(sign)));
}

/** Installs packages without starting any service: Biplane runs its own etcd, containerd and registry, apart. */
export async function installPackages(
  paths: Paths,
  names: string[],
  machine: Machine,
  report: (detail: string) => void,
): Promise<void> {
  const apt = machine.find("apt-get") ?? "apt-get";
  const log = join(paths.cache, "logs", "packages.log");
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: "noninteractive",
    NEEDRESTART_SUSPEND: "1",
    [noServices]: "1",
  };
  const wait = ["-o", "DPkg::Lock::Timeout=300", "-q"];
  const restore = denyServices();
  try {
    report("package lists");
    // A package manager that was killed halfway refuses all else until this is done.
    await runLogged({ command: "dpkg", args: ["--configure", "-a"], env, log, contained: false });
    await runLogged({ command: apt, args: [...wait, "update"], env, log, contained: false });
    await runLogged({
      command: apt,
      args: [...wait, "install", "-y", "--no-install-recommends", ...names],
      env,
      log,
      contained: false,
      onLine(line) {
        const named = /^(Unpacking|Setting up) (\S+)/.exec(line);
        if (named) report(`${named[1]?.toLowerCase()} ${named[2]}`);
      },
    });
  } finally {
    restore();
  }
}

const noServices = "BIPLANE_NO_SERVICES";
const policy = "/usr/sbin/policy-rc.d";
const policyMark = "# Written by biplane while it installs packages; safe to remove.";
const setAside = `${policy}.before-biplane`;

/**
 * Debian asks `policy-rc.d` before it starts a service. Ours denies only within our own install (it looks at the
 * environment) and passes every other question on to the one that was there, so a kill here harms nobody.
 */
function denyServices(): () => void {
  const restore = () => {
    if (isOurs(policy)) rmSync(policy);
    if (existsSync(setAside)) renameSync(setAside, policy);
  };
  // A killed install left ours standing.
  restore();
  if (existsSync(policy)) renameSync(policy, setAside);
  const script = [
    "#!/bin/sh",
    policyMark,
    `[ -z "$${noServices}" ] || exit 101`,
    `[ ! -x ${setAside} ] || exec ${setAside} "$@"`,
    "exit 0",
  ];
  writeFileSync(policy, `${script.join("\n")}\n`);
  chmodSync(policy, 0o755);
  return restore;
}

function isOurs(file: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").includes(policyMark);
}

/** Debian splits `venv` from Python; others do not. */
function canMakeEnvironments(machine: Machine): boolean {
  const python = machine.find("python3");
  return python !== undefined && machine.ask(python, ["-c", "import ensurepip, venv"]) !== undefined;
}
