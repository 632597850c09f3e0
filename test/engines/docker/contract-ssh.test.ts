import { afterAll } from "vitest";
import { dockerContract } from "./contract.ts";
import { overSsh } from "./fixtures.ts";

const remote = await overSsh({ shared: false });
afterAll(async () => {
  await remote?.[Symbol.asyncDispose]();
});

dockerContract({
  name: " of a daemon behind SSH that does not share our files",
  missing: "sshd and a Docker daemon behind TLS",
  env: remote?.env ?? null,
  direct: remote?.direct ?? null,
  shared: false,
});
