import { dockerContract } from "./contract.ts";
import { dockerEnv, tlsEnv } from "./fixtures.ts";

const local = await dockerEnv();
dockerContract({
  name: "",
  missing: "a Docker daemon",
  env: local,
  direct: local,
  shared: true,
});

const tls = await tlsEnv();
dockerContract({
  name: " of a daemon behind TLS that does not share our files",
  missing: "a Docker daemon behind TLS",
  env: tls,
  direct: tls,
  shared: false,
});
