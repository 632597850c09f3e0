/** Started and killed by the contract suite. */

import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { orchestrate } from "../fixtures.ts";
import { sweep } from "./fixtures.ts";

await orchestrate(() => dockerEngine({ env: process.env }), sweep);
