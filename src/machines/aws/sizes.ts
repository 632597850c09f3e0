import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { Size } from "../provider.ts";
import { type Ec2, pages } from "./client.ts";
import type { Prices } from "./prices.ts";

/** As AWS's own calculator counts a month. Source: https://calculator.aws, its assumptions. */
const HOURS_A_MONTH = 730;

/**
 * Instance types of the region that can run our image: x86_64, a root disk of EBS, paid on demand.
 * @param type one of them by its name; null for all.
 */
export async function listSizes(
  ec2: Ec2,
  prices: Prices,
  type: string | null,
  signal: AbortSignal,
): Promise<Size[]> {
  const [infos, offered, known] = await Promise.all([
    typesOf(ec2, type, signal),
    offeredTypes(ec2, type, signal),
    prices.of(type === null ? null : [type], signal),
  ]);
  return infos
    .filter(isUsable)
    .flatMap((info) => sizeOf(info, { region: ec2.region, offered, prices: known }));
}

function only(type: string | null) {
  return type === null ? {} : { Filters: [{ Name: "instance-type", Values: [type] }] };
}

async function typesOf(ec2: Ec2, type: string | null, signal: AbortSignal) {
  const asked = { action: "Cannot list EC2's instance types" };
  const found: InstanceTypeInfo[] = [];
  const page = (NextToken: string | undefined) =>
    ec2.call(
      asked,
      (client, options) =>
        client.send(
          new ec2.sdk.DescribeInstanceTypesCommand({ ...only(type), MaxResults: 100, NextToken }),
          options,
        ),
      signal,
    );
  for await (const { InstanceTypes = [] } of pages(page)) found.push(...InstanceTypes);
  return found;
}

/** What the region has, by its own word: types are described also where none is offered. */
async function offeredTypes(ec2: Ec2, type: string | null, signal: AbortSignal) {
  const asked = { action: "Cannot list what EC2 offers in the region" };
  const found = new Set<string>();
  const page = (NextToken: string | undefined) =>
    ec2.call(
      asked,
      (client, options) =>
        client.send(
          new ec2.sdk.DescribeInstanceTypeOfferingsCommand({
            ...only(type),
            LocationType: "region",
            MaxResults: 1000,
            NextToken,
          }),
          options,
        ),
      signal,
    );
  for await (const { InstanceTypeOfferings = [] } of pages(page)) {
    for (const { InstanceType } of InstanceTypeOfferings) {
      if (InstanceType !== undefined) found.add(InstanceType);
    }
  }
  return found;
}

function isUsable(info: InstanceTypeInfo): boolean {
  return (
    info.ProcessorInfo?.SupportedArchitectures?.includes("x86_64") === true &&
    info.SupportedVirtualizationTypes?.includes("hvm") === true &&
    info.SupportedRootDeviceTypes?.includes("ebs") === true &&
    info.SupportedUsageClasses?.includes("on-demand") === true
  );
}

function sizeOf(
  info: InstanceTypeInfo,
  where: {
    readonly region: string;
    readonly offered: ReadonlySet<string>;
    readonly prices: ReadonlyMap<string, number>;
  },
): Size[] {
  const { InstanceType: name } = info;
  const cpus = info.VCpuInfo?.DefaultVCpus ?? 0;
  const mebibytes = info.MemoryInfo?.SizeInMiB ?? 0;
  if (name === undefined || cpus === 0 || mebibytes === 0) return [];
  const available = where.offered.has(name);
  const price = where.prices.get(name) ?? null;
  return [
    {
      name,
      cpus,
      memory: mebibytes * 2 ** 20,
      disk: null,
      pricePerHour: price,
      pricePerMonth: price === null ? null : price * HOURS_A_MONTH,
      regions: available ? [where.region] : [],
      available,
      description: describe(info),
    },
  ];
}

function describe(info: InstanceTypeInfo): string {
  const { Manufacturer, SustainedClockSpeedInGhz: clock } = info.ProcessorInfo ?? {};
  const gpus = (info.GpuInfo?.Gpus ?? []).map(({ Count = 1, Name = "GPU" }) => `${Count} ${Name}`);
  const words = [
    Manufacturer,
    clock === undefined ? undefined : `${clock} GHz`,
    ...gpus,
    info.BurstablePerformanceSupported === true ? "burstable" : undefined,
    info.BareMetal === true ? "bare metal" : undefined,
  ];
  return words.filter((word) => word !== undefined).join(", ");
}
