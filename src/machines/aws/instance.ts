import { gzipSync } from "node:zlib";
import type { Instance, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { type Machine, type Order, ProviderError, type Tags } from "../provider.ts";
import { MARK } from "./client.ts";
import type { Image } from "./place.ts";

/** Bytes that EC2 takes, before they are written in base64. */
const USER_DATA_LIMIT = 16 * 1024;
/** GiB: what an image of Docker's and the outputs of some simulations need. */
const DISK = 50;

/** Instance ids, which EC2 never gives twice. */
export const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;

/**
 * One instance of one name: all instances of a call have the same tags, of which the name is one.
 * Repeated with the same name, it makes nothing more: that is its idempotency token.
 *
 * @throws ProviderError `invalid` for user data that EC2 does not take.
 */
export function instanceRequest(
  order: Pick<Order, "size" | "tags" | "userData"> & { readonly name: string },
  image: Image,
  group: string | null,
): RunInstancesCommandInput {
  const { name, size, tags, userData } = order;
  return {
    ClientToken: name,
    MinCount: 1,
    MaxCount: 1,
    InstanceType: asType(size),
    ImageId: image.id,
    ...(group === null ? {} : { SecurityGroupIds: [group] }),
    // Its deadline powers it off, and that ends it and its cost.
    InstanceInitiatedShutdownBehavior: "terminate",
    // One hop does not lead into containers, and a token needs more than an URL somebody gave us.
    MetadataOptions: {
      HttpEndpoint: "enabled",
      HttpTokens: "required",
      HttpPutResponseHopLimit: 1,
    },
    BlockDeviceMappings: [
      {
        DeviceName: image.disk,
        Ebs: { DeleteOnTermination: true, VolumeSize: DISK, VolumeType: "gp3" },
      },
    ],
    TagSpecifications: (["instance", "volume"] as const).map((ResourceType) => ({
      ResourceType,
      Tags: [{ Key: "Name", Value: name }, ...writtenTags(tags)],
    })),
    UserData: written(userData).toString("base64"),
  };
}

/** EC2 has more types than this version of its client knows. */
function asType(size: string): NonNullable<RunInstancesCommandInput["InstanceType"]> {
  return size as NonNullable<RunInstancesCommandInput["InstanceType"]>;
}

/** cloud-init reads what is compressed, too. */
function written(userData: string): Buffer {
  const plain = Buffer.from(userData);
  if (plain.length <= USER_DATA_LIMIT) return plain;
  const compressed = gzipSync(plain, { level: 9 });
  if (compressed.length <= USER_DATA_LIMIT) return compressed;
  throw new ProviderError(
    "invalid",
    `The user data has ${plain.length} bytes, compressed ${compressed.length}, and EC2 takes ${USER_DATA_LIMIT} at most: put less into it, and copy the rest over SSH.`,
  );
}

function writtenTags(tags: Tags) {
  return [
    { Key: MARK, Value: "machine" },
    ...Object.entries(tags).map(([key, value]) => ({ Key: `${MARK}:${key}`, Value: value })),
  ];
}

function readTags(written: Instance["Tags"]): { readonly name: string; readonly tags: Tags } {
  const prefix = `${MARK}:`;
  const pairs = (written ?? []).flatMap(({ Key: key, Value: value }) =>
    key === undefined || value === undefined ? [] : [[key, value] as const],
  );
  return {
    name: pairs.find(([key]) => key === "Name")?.[1] ?? "",
    tags: Object.fromEntries(
      pairs
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    ),
  };
}

/** Null for one that is gone. @throws ProviderError `unavailable` for what no instance can be. */
export function machineOf(
  instance: Instance,
  region: string,
  prices: ReadonlyMap<string, number>,
): Machine | null {
  const { InstanceId: id, InstanceType: size, State } = instance;
  const state = STATES[State?.Name ?? ""];
  const created = createdAt(instance);
  if (state === null) return null;
  if (id === undefined || size === undefined || state === undefined || created === null) {
    throw new ProviderError(
      "unavailable",
      `EC2 showed an instance (${id ?? "without an id"}) that is not as documented.\nTry again later.`,
    );
  }
  return {
    provider: "aws",
    id,
    ...readTags(instance.Tags),
    size,
    region,
    state,
    address: instance.PublicIpAddress || null,
    privateAddress: instance.PrivateIpAddress || null,
    port: 22,
    created,
    pricePerHour: prices.get(size) ?? null,
  };
}

const STATES: Readonly<Record<string, Machine["state"] | null>> = {
  pending: "creating",
  running: "running",
  stopping: "stopped",
  stopped: "stopped",
  "shutting-down": "removing",
  terminated: null,
};

/** The launch time becomes the last start's; what came with the instance keeps its first. */
function createdAt({
  LaunchTime,
  BlockDeviceMappings = [],
  NetworkInterfaces = [],
}: Instance): number | null {
  const times = [
    LaunchTime,
    ...BlockDeviceMappings.map(({ Ebs }) => Ebs?.AttachTime),
    ...NetworkInterfaces.map(({ Attachment }) => Attachment?.AttachTime),
  ].flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return times.length === 0 ? null : Math.min(...times);
}
