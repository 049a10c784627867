/** The image that builds images: BuildKit with what lets it run without root, and what installs packages in a build. */
import { join } from "node:path";
import { builderUser } from "../../components/image-builder/contract.ts";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import type { Builder } from "./buildah.ts";
import { makeDebian, suite } from "./debian.ts";
import type { ImagePlan } from "./plan.ts";

const include = ["ca-certificates", "libcap2-bin", "rootlesskit", "runc", "uidmap"];
const programs = ["buildkitd", "buildctl", "uv"] as const;
const name = "builder";
const home = `/home/${name}`;
/** Where the daemon's own user and its subordinates come from: see sandbox.md, "newuidmap". */
const subordinates = `${name}:100000:65536`;

/** Each a shell command, run once as root. */
const setUp = [
  `echo '${name}:x:${builderUser}:${builderUser}::${home}:/usr/sbin/nologin' >> /etc/passwd`,
  `echo '${name}:x:${builderUser}:' >> /etc/group`,
  `echo ${subordinates} > /etc/subuid && echo ${subordinates} > /etc/subgid`,
  // Capabilities of the file, in place of Debian's setuid bit, which would want DAC_OVERRIDE besides.
  "setcap cap_setuid=ep /usr/bin/newuidmap && setcap cap_setgid=ep /usr/bin/newgidmap",
  `mkdir -p ${home}/.local/share/buildkit ${home}/.config /run/user/${builderUser}`,
  `chown -R ${builderUser}:${builderUser} ${home} /run/user/${builderUser}`,
];
const config = [
  `--user=${builderUser}:${builderUser}`,
  `--workingdir=${home}`,
  ...Object.entries({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    USER: name,
    XDG_RUNTIME_DIR: `/run/user/${builderUser}`,
  }).map(([key, value]) => `--env=${key}=${value}`),
];

/** Needs the extended part `images`. */
export function buildkitPlan({ tools }: Pick<Sandbox, "tools">): ImagePlan<"buildkit"> {
  const binaries = programs.map((program) => tools.bin(program));
  const debianKey = contentKey({
    root: join(import.meta.dirname, "../.."),
    files: [join(import.meta.dirname, "debian.ts")],
    values: { suite, include },
  });
  const key = contentKey({ files: binaries, values: { debianKey, setUp, config, arch: process.arch } });
  const debian = `localhost/biplane/rootless:${debianKey}`;
  const image = `localhost/biplane/buildkit:${key}`;
  return {
    name: "buildkit",
    key,
    image,
    keep: [debian, image],
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      if (!(await builder.has(debian))) {
        await makeDebian(sandbox, join(scratch, "debian"), include, builder.log);
        await builder.make({ image: debian, add: [{ from: join(scratch, "debian"), to: "/" }] });
      }
      sandbox.progress("buildkit image: BuildKit");
      await builder.make({
        image,
        from: debian,
        add: binaries.map((from, at) => ({ from, to: `/usr/local/bin/${programs[at]}` })),
        run: [["sh", "-ec", setUp.join("\n")]],
        config,
      });
    },
  };
}
