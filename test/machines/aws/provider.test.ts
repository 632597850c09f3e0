import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aws } from "../../../src/machines/aws/provider.ts";
import { leaseTags, machineName, newLeaseId } from "../../../src/machines/names.ts";
import type { MachineRequest, Order, Provider } from "../../../src/machines/provider.ts";
import { findMoto, needing } from "../../lab/lab.ts";
import { elements, IMAGES, type Moto, type Refusal, startMoto } from "../../lab/moto.ts";
import { refusal } from "../digitalocean/fixtures.ts";

const never = new AbortController().signal;
const server = findMoto();

function order(changes: Partial<Order> = {}): Order {
  const id = newLeaseId();
  return {
    names: [machineName({ id }, 0)],
    size: "c5.large",
    region: "eu-central-1",
    tags: leaseTags({ id, run: "some-run", attempt: 1, minutes: 60 }),
    userData: "#cloud-config\n",
    ...changes,
  };
}

describe.skipIf(server === null)(needing("moto's server", "aws"), () => {
  let moto: Moto;
  let provider: Provider;

  beforeAll(async () => {
    moto = await startMoto(server ?? "");
  });
  afterAll(() => moto[Symbol.asyncDispose]());
  beforeEach(async () => {
    await moto.reset();
    provider = await aws(moto.env);
  });
  afterEach(() => provider[Symbol.asyncDispose]());

  const check = (changes: Partial<MachineRequest> = {}, by = provider) =>
    by.check({ size: "c5.large", region: null, count: 1, ...changes }, never);
  const attribute = async (id: string, name: string) => {
    const xml = await moto.call("DescribeInstanceAttribute", { InstanceId: id, Attribute: name });
    return elements(xml, "value")[0] ?? "";
  };
  const created = async (changes: Partial<Order> = {}) => {
    const [machine] = await provider.create(order(changes), never);
    if (machine === undefined) throw new Error("nothing was made");
    const parameters = { "InstanceId.1": machine.id };
    return { machine, xml: await moto.call("DescribeInstances", parameters) };
  };

  describe("an instance", () => {
    test("ends when it powers off, which is what its deadline does", async () => {
      const { machine } = await created();
      const behaviour = await attribute(machine.id, "instanceInitiatedShutdownBehavior");
      expect(behaviour).toBe("terminate");
    });

    test("shows its user data to nothing that is behind another hop, or has no token", async () => {
      const { xml } = await created();
      expect(elements(xml, "httpTokens")).toEqual(["required"]);
      expect(elements(xml, "httpPutResponseHopLimit")).toEqual(["1"]);
    });

    test("takes its disk along, which has the machine's name", async () => {
      const { machine, xml } = await created();
      expect(/<ebs>.*<\/ebs>/s.exec(xml)?.[0]).toContain("<deleteOnTermination>true<");
      const volumes = await moto.call("DescribeVolumes");
      expect(elements(volumes, "size")).toEqual(["50"]);
      expect(volumes).toContain(`<value>${machine.name}</value>`);
      await provider.remove([machine.id], never);
      expect(elements(await moto.call("DescribeVolumes"), "volumeId")).toEqual([]);
    });

    test("is of Canonical's newest Ubuntu 24.04 for this kind of processor", async () => {
      const { xml } = await created();
      expect(elements(xml, "imageId")).toEqual([IMAGES.newest]);
    });

    test("is in a group that lets in SSH alone, made once and left there", async () => {
      await created();
      await created();
      const xml = await moto.call("DescribeSecurityGroups", {
        "Filter.1.Name": "group-name",
        "Filter.1.Value.1": "sim-pipeline",
      });
      expect(elements(xml, "groupName")).toEqual(["sim-pipeline"]);
      expect(xml).toContain("<fromPort>22</fromPort>");
      expect(elements(xml, "toPort")).toEqual(["22"]);
      expect(moto.requests.filter((one) => one === "CreateSecurityGroup")).toHaveLength(1);
    });

    test("gets user data of more than 16 KiB compressed, and what stays too large is refused", async () => {
      const large = `#cloud-config\n# ${"a lot of text. ".repeat(3000)}\n`;
      const { machine } = await created({ userData: large });
      const bytes = Buffer.from(await attribute(machine.id, "userData"), "base64");
      expect(bytes.length).toBeLessThan(16 * 1024);
      expect(gunzipSync(bytes).toString()).toBe(large);
      const noise = `#cloud-config\n# ${randomBytes(20_000).toString("hex")}\n`;
      const error = await refusal(provider.create(order({ userData: noise }), never));
      expect(error.kind).toBe("invalid");
      expect(error.message).toMatch(/compressed \d+, and EC2 takes 16384/);
    });

    test("was created when it was, also after it was stopped and started", async () => {
      const { machine } = await created();
      await provider.power?.(machine.id, false, never);
      await provider.power?.(machine.id, true, never);
      const [again] = await provider.list(never);
      expect(again).toMatchObject({ id: machine.id, created: machine.created, state: "running" });
    });
  });

  describe("a list", () => {
    test("has all pages", async () => {
      await using paged = await aws(moto.env, { perPage: 5 });
      const orders = Array.from({ length: 7 }, () => order());
      for (const one of orders) await paged.create(one, never);
      moto.requests.length = 0;
      const names = (await paged.list(never)).map(({ name }) => name);
      expect(names.sort()).toEqual(orders.flatMap((one) => one.names).sort());
      expect(moto.requests.filter((one) => one === "DescribeInstances")).toHaveLength(2);
    });

    test("leaves out what has ended, which EC2 shows for an hour", async () => {
      const { machine } = await created();
      await provider.remove([machine.id], never);
      expect(await moto.call("DescribeInstances")).toContain("<name>terminated</name>");
      expect(await provider.list(never)).toEqual([]);
    });
  });

  describe("removal", () => {
    test("of an id that never was does not keep the others from ending", async () => {
      const { machine } = await created();
      await provider.remove(["i-0123456789abcdef0", machine.id], never);
      expect(await provider.list(never)).toEqual([]);
    });

    test("of one that may not be ended ends the others, and says so", async () => {
      const [one, other] = [await created(), await created()];
      moto.fail({ action: "TerminateInstances", code: "OperationNotPermitted", times: 2 });
      const ids = [one.machine.id, other.machine.id];
      const error = await refusal(provider.remove(ids, never));
      expect(error.kind).toBe("forbidden");
      expect(await provider.list(never)).toHaveLength(1);
    });

    test("takes nothing for an id that is none", async () => {
      expect((await refusal(provider.remove(["*"], never))).kind).toBe("invalid");
    });
  });

  describe("a check", () => {
    test("asks for the permission to rent, and makes nothing", async () => {
      await check();
      expect(moto.requests).toContain("RunInstances (dry)");
      expect(moto.requests).toContain("CreateSecurityGroup (dry)");
      expect(moto.requests).not.toContain("RunInstances");
      expect(moto.requests).not.toContain("CreateSecurityGroup");
    });

    test("finds that these credentials may look and not rent", async () => {
      const env = await moto.demandCredentials(["ec2:Describe*"]);
      await using limited = await aws(env);
      const error = await refusal(check({}, limited));
      expect(error.kind).toBe("forbidden");
      expect(error.message).toContain("docs/machines.md has a policy");
    });

    test.each([
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstanceTypeOfferings",
      "ec2:DescribeImages",
      "ec2:DescribeVpcs",
      "ec2:DescribeSecurityGroups",
      "ec2:CreateSecurityGroup",
      "ec2:RunInstances",
    ])("finds that %s is not allowed", async (missing) => {
      const env = await moto.demandCredentials(POLICY.filter((action) => action !== missing));
      await using limited = await aws(env);
      expect((await refusal(check({}, limited))).kind).toBe("forbidden");
    });

    test("is content with what docs/machines.md allows, as is all the rest", async () => {
      const env = await moto.demandCredentials(POLICY);
      await using limited = await aws(env);
      await check({}, limited);
      const [machine] = await limited.create(order(), never);
      const id = machine?.id ?? "";
      await limited.power?.(id, false, never);
      await limited.power?.(id, true, never);
      await limited.remove([id], never);
      expect(await limited.list(never)).toEqual([]);
      expect(await limited.account?.(never)).toMatch(/^\d{12}\/eu-central-1$/);
    });

    test("looks at one size alone where that can be had", async () => {
      await check();
      expect(moto.requests.filter((one) => one === "DescribeInstanceTypes")).toHaveLength(1);
    });

    test("knows of no size whose processor cannot run the image", async () => {
      const error = await refusal(check({ size: "c7g.large" }));
      expect(error.kind).toBe("invalid");
      expect(error.message).toContain('no size "c7g.large"');
    });

    test("says which variable chooses the region", async () => {
      const error = await refusal(check({ region: "us-east-1" }));
      expect(error.message).toContain('AWS is set to eu-central-1, and "us-east-1" is asked for');
    });
  });

  describe("the security group", () => {
    const open = async (name: string, ports: string) => {
      const [vpc = ""] = elements(await moto.call("DescribeVpcs"), "vpcId");
      const made = await moto.call("CreateSecurityGroup", {
        ...{ GroupName: name, GroupDescription: "lab", VpcId: vpc },
      });
      const [id = ""] = elements(made, "groupId");
      if (ports !== "") {
        await moto.call("AuthorizeSecurityGroupIngress", {
          ...{ GroupId: id, "IpPermissions.1.IpProtocol": "tcp" },
          ...{ "IpPermissions.1.FromPort": ports, "IpPermissions.1.ToPort": ports },
          "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0",
        });
      }
      return id;
    };

    test("is the one that is named, by its id or its name", async () => {
      const id = await open("theirs", "22");
      for (const named of [id, "theirs"]) {
        await using other = await aws({ ...moto.env, SIM_PIPELINE_AWS_SECURITY_GROUP: named });
        await check({}, other);
        const [machine] = await other.create(order(), never);
        const parameters = { "InstanceId.1": machine?.id ?? "" };
        expect(elements(await moto.call("DescribeInstances", parameters), "groupId")).toContain(id);
      }
      expect(moto.requests).not.toContain("CreateSecurityGroup");
    });

    test("that is named and not there is told before anything is rented", async () => {
      await using other = await aws({ ...moto.env, SIM_PIPELINE_AWS_SECURITY_GROUP: "sg-1" });
      const error = await refusal(check({}, other));
      expect(error.message).toContain('SIM_PIPELINE_AWS_SECURITY_GROUP: "sg-1" names no security');
    });

    test("of ours that somebody opened further is not used", async () => {
      await open("sim-pipeline", "80");
      expect((await refusal(check())).message).toContain("lets in more than SSH");
    });

    test("of ours whose rule a crash left out gets it", async () => {
      const id = await open("sim-pipeline", "");
      await check();
      const xml = await moto.call("DescribeSecurityGroups", { "GroupId.1": id });
      expect(xml).toContain("<fromPort>22</fromPort>");
    });

    test("that another process makes at the same time is used", async () => {
      const both = await Promise.all([created(), created()]);
      expect(both.every(({ xml }) => xml.includes("<groupName>sim-pipeline<"))).toBe(true);
    });

    test("has no place without a default network", async () => {
      for (const id of elements(await moto.call("DescribeSubnets"), "subnetId")) {
        await moto.call("DeleteSubnet", { SubnetId: id });
      }
      const [vpc = ""] = elements(await moto.call("DescribeVpcs"), "vpcId");
      await moto.call("DeleteVpc", { VpcId: vpc });
      const error = await refusal(check());
      expect(error.message).toContain("aws ec2 create-default-vpc");
    });
  });

  describe("prices, of a price list in AWS's shape, since moto has none", () => {
    test("are in sizes, offers, messages and machines", async () => {
      moto.setPrices({ "c5.large": 0.097, "c5.xlarge": 0.194, "c5.2xlarge": 0.388 });
      const offer = await check();
      expect(offer.size).toMatchObject({ pricePerHour: 0.097, pricePerMonth: 0.097 * 730 });
      const { machine } = await created();
      expect(machine.pricePerHour).toBe(0.097);
      await using later = await aws(moto.env);
      expect((await later.list(never))[0]?.pricePerHour).toBe(0.097);
      const sizes = await later.sizes(never);
      expect(sizes.filter((size) => size.pricePerHour !== null)).toHaveLength(3);
      const error = await refusal(check({ size: "c5.larg" }));
      expect(error.message).toContain("c5.large (2 CPUs, 4 GiB, $0.097 an hour)");
    });

    test("are not known to who may not see them, and nobody is asked again", async () => {
      expect((await check()).size.pricePerHour).toBeNull();
      await created();
      expect(moto.requests.filter((one) => one === "GetProducts")).toHaveLength(1);
    });
  });

  describe("refusals that moto does not make", () => {
    const REFUSALS: readonly [code: string, status: number, kind: string, says: RegExp][] = [
      ["InsufficientInstanceCapacity", 500, "out-of-stock", /Nearest to it: (?!c5\.large )\S+ \(2/],
      ["Unsupported", 400, "out-of-stock", /Choose another size/],
      ["VcpuLimitExceeded", 400, "limit", /quota raised/],
      ["InstanceLimitExceeded", 400, "limit", /ask for fewer/],
      ["RequestExpired", 400, "auth", /set the clock/],
      ["AuthFailure", 401, "auth", /not enabled this region/],
      ["ExpiredToken", 400, "auth", /log in again/],
      ["PendingVerification", 400, "forbidden", /policy/],
      ["RequestLimitExceeded", 503, "unavailable", /come back in a minute/],
      ["InternalError", 500, "unavailable", /health\.aws\.amazon\.com/],
      ["InvalidParameterValue", 400, "invalid", /sizes --provider aws/],
    ];
    test.each(REFUSALS)("%s (%i) is %s", async (code, status, kind, says) => {
      moto.fail({ action: "RunInstances", code, status, times: 9 });
      const error = await refusal(provider.create(order(), never));
      expect(error.kind).toBe(kind);
      expect(error.message).toMatch(says);
      expect(error.message).toContain(code);
      expect(error.cause).toBeUndefined();
    });

    test("a refusal's coded part is left out", async () => {
      const message = `You are not authorized. Encoded authorization failure message: ${"x".repeat(500)}`;
      moto.fail({ action: "RunInstances", code: "UnauthorizedOperation", message, status: 403 });
      const error = await refusal(check());
      expect(error.message).toContain("You are not authorized.\n");
      expect(error.message).not.toContain("xxx");
    });

    const passing: readonly Refusal[] = [
      { action: "DescribeInstances", code: "InternalError", status: 500 },
      { action: "DescribeInstances", code: "RequestLimitExceeded", status: 503, times: 2 },
    ];
    test.each(passing)("what passes by itself is tried again: $code", async (refused) => {
      moto.fail(refused);
      expect(await provider.list(never)).toEqual([]);
    });

    test("a call that was done and not answered is repeated under the same token", async () => {
      const tokens = async () => elements(await moto.call("DescribeInstances"), "clientToken");
      moto.fail({ action: "RunInstances", code: "InternalError", status: 500, afterwards: true });
      const asked = order();
      await provider.create(asked, never);
      // EC2 makes one of these; moto does not know what a token is for, and makes two.
      expect(await tokens()).toEqual([...asked.names, ...asked.names]);
    });
  });
});

describe("settings", () => {
  const none = { AWS_EC2_METADATA_DISABLED: "true", AWS_CONFIG_FILE: "/dev/null" };

  test("no region: what to set", async () => {
    const before = { ...process.env };
    try {
      for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"])
        delete process.env[name];
      Object.assign(process.env, none, { AWS_SHARED_CREDENTIALS_FILE: "/dev/null" });
      const error = await refusal(aws({}));
      expect(error).toMatchObject({ kind: "invalid", exitCode: 2 });
      expect(error.message).toContain("Set AWS_REGION");
    } finally {
      process.env = before;
    }
  });

  test("no credentials: what to set", async () => {
    const before = { ...process.env };
    try {
      for (const name of Object.keys(process.env))
        if (name.startsWith("AWS_")) delete process.env[name];
      Object.assign(process.env, none, { AWS_SHARED_CREDENTIALS_FILE: "/dev/null" });
      await using provider = await aws({ AWS_REGION: "eu-central-1" });
      const error = await refusal(provider.list(never));
      expect(error.kind).toBe("auth");
      expect(error.message).toContain(
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
      );
    } finally {
      process.env = before;
    }
  });

  test("nobody there: which connection failed", async () => {
    await using provider = await aws({
      ...{ AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" },
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    });
    const error = await refusal(provider.list(never));
    expect(error).toMatchObject({ kind: "unavailable" });
    expect(error.message).toContain("ECONNREFUSED");
  });
});

/** As in docs/machines.md. */
const POLICY = [
  ...["ec2:DescribeInstanceTypes", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeImages"],
  ...["ec2:DescribeInstances", "ec2:DescribeVpcs", "ec2:DescribeSecurityGroups"],
  ...["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags"],
  ...["ec2:RunInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"],
  "pricing:GetProducts",
];
