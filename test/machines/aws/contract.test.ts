import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll } from "vitest";
import { aws } from "../../../src/machines/aws/provider.ts";
import { findMoto } from "../../lab/lab.ts";
import { elements, type Moto, startMoto } from "../../lab/moto.ts";
import { providerContract } from "../contract.ts";

const server = findMoto();
let moto: Moto;

beforeAll(async () => {
  if (server !== null) moto = await startMoto(server);
});
afterAll(async () => {
  await moto?.[Symbol.asyncDispose]();
});

providerContract("aws", {
  missing: server === null ? "moto's server" : null,
  make: async () => {
    await moto.reset();
    return {
      provider: await aws(moto.env),
      size: "c5.large",
      region: moto.region,
      existing: async () => {
        const states = ["pending", "running", "stopping", "stopped", "shutting-down"];
        const filter = Object.fromEntries(
          states.map((state, at) => [`Filter.1.Value.${at + 1}`, state]),
        );
        const xml = await moto.call("DescribeInstances", {
          "Filter.1.Name": "instance-state-name",
          ...filter,
        });
        return elements(xml, "instanceId");
      },
      clock: () => performance.timeOrigin + performance.now(),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  capabilities: {
    power: true,
    wrongSecret: {
      secret: "a-secret-that-is-wrong",
      make: async () => {
        const env = await moto.demandCredentials(["*"]);
        return await aws({ ...env, AWS_SECRET_ACCESS_KEY: "a-secret-that-is-wrong" });
      },
    },
    foreign: async () => {
      const xml = await moto.call("RunInstances", {
        ...{ ImageId: "ami-00000000000000001", InstanceType: "c5.large" },
        ...{ MinCount: "1", MaxCount: "1" },
      });
      const [id] = elements(xml, "instanceId");
      if (id === undefined) throw new Error(xml);
      return id;
    },
    userData: async (_, id) => {
      const parameters = { InstanceId: id, Attribute: "userData" };
      const [text = ""] = elements(
        await moto.call("DescribeInstanceAttribute", parameters),
        "value",
      );
      const bytes = Buffer.from(text, "base64");
      return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
    },
    tooMuchUserData: 64 * 1024,
    tooMany: 10_000,
  },
});
