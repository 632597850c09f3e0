/**
 * Calls one method of the unmodified @actions/artifact client, which reads its environment once for
 * a whole process: node client.ts uploadArtifact '["name",["/f/a.txt"],"/f",{}]'. The result is the
 * last line on stdout, as JSON.
 */

import { DefaultArtifactClient } from "@actions/artifact";
import { z } from "zod";

const [method, text = "[]"] = process.argv.slice(2);
const given: unknown = JSON.parse(text);
const client = new DefaultArtifactClient();
const strings = z.array(z.string());
const options = z.record(z.string(), z.unknown()).optional();

async function call(): Promise<unknown> {
  switch (method) {
    case "uploadArtifact": {
      const [name, files, root, more] = z
        .tuple([z.string(), strings, z.string(), options])
        .parse(given);
      return client.uploadArtifact(name, files, root, more);
    }
    case "downloadArtifact": {
      const [id, more] = z.tuple([z.number(), options]).parse(given);
      return client.downloadArtifact(id, more);
    }
    case "listArtifacts": {
      const [more] = z.tuple([options]).parse(given);
      return client.listArtifacts(more);
    }
    case "getArtifact": {
      const [name, more] = z.tuple([z.string(), options]).parse(given);
      return client.getArtifact(name, more);
    }
    case "deleteArtifact": {
      const [name, more] = z.tuple([z.string(), options]).parse(given);
      return client.deleteArtifact(name, more);
    }
    default:
      throw new Error(`no such method: ${method}`);
  }
}

try {
  const result = await call();
  process.stdout.write(`\n${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
