import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2";
import { ProviderError } from "../provider.ts";
import { type Ec2, MARK } from "./client.ts";

/** Canonical's. Source: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/ */
const CANONICAL = "099720109477";
const UBUNTU = "ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*";

export interface Image {
  readonly id: string;
  /** Of the disk that it boots from, as `/dev/sda1`. */
  readonly disk: string;
}

/** Canonical's newest Ubuntu 24.04 of the region. @throws ProviderError */
export async function findImage(ec2: Ec2, signal: AbortSignal): Promise<Image> {
  const command = new ec2.sdk.DescribeImagesCommand({
    Owners: [CANONICAL],
    Filters: [
      { Name: "name", Values: [UBUNTU] },
      { Name: "architecture", Values: ["x86_64"] },
      { Name: "root-device-type", Values: ["ebs"] },
      { Name: "state", Values: ["available"] },
    ],
  });
  const { Images = [] } = await ec2.call(
    { action: "Cannot look for Ubuntu's images on EC2" },
    (client, options) => client.send(command, options),
    signal,
  );
  const [newest] = Images.toSorted((a, b) =>
    (b.CreationDate ?? "").localeCompare(a.CreationDate ?? ""),
  );
  if (newest?.ImageId === undefined) {
    throw new ProviderError(
      "invalid",
      `AWS has no image of Ubuntu 24.04 of Canonical's in ${ec2.region}.\nChoose another region with AWS_REGION.`,
    );
  }
  return { id: newest.ImageId, disk: newest.RootDeviceName ?? "/dev/sda1" };
}

/** The variable that names a security group to be used in the place of ours. */
export const GROUP_VARIABLE = "SIM_PIPELINE_AWS_SECURITY_GROUP";

/** Where instances are put: a group that lets in SSH alone. */
export interface Group {
  /** Null where it is still to be made, in this network. */
  readonly id: string | null;
  readonly vpc: string | null;
}

/**
 * The security group that the environment names, else ours in the account's default network.
 * @throws ProviderError `invalid` where there is no such group or no default network, or where
 *   somebody let more than SSH into ours.
 */
export async function findGroup(
  ec2: Ec2,
  named: string | null,
  signal: AbortSignal,
): Promise<Group> {
  if (named !== null) return await namedGroup(ec2, named, signal);
  const vpc = await defaultVpc(ec2, signal);
  const group = await groupIn(ec2, vpc, signal);
  if (group?.GroupId === undefined) return { id: null, vpc };
  checkRules(group, ec2.region);
  // A crash between its creation and its rule is made good by whoever uses it.
  if (!(group.IpPermissions ?? []).some(isSsh)) await letSshIn(ec2, group.GroupId, signal);
  return { id: group.GroupId, vpc };
}

/** Makes our group where it is missing: it costs nothing, and stays for the next machines. */
export async function ensureGroup(ec2: Ec2, group: Group, signal: AbortSignal): Promise<string> {
  if (group.id !== null) return group.id;
  const VpcId = group.vpc ?? undefined;
  try {
    const command = new ec2.sdk.CreateSecurityGroupCommand({ ...newGroup(), VpcId });
    const { GroupId } = await ec2.call(
      { action: `Cannot create the security group ${MARK}` },
      (client, options) => client.send(command, options),
      signal,
    );
    if (GroupId === undefined)
      throw new ProviderError("unavailable", "AWS made no security group.");
    await letSshIn(ec2, GroupId, signal);
    return GroupId;
  } catch (error) {
    signal.throwIfAborted();
    // Another process was first.
    const isThere = error instanceof ProviderError && error.kind === "invalid";
    const now = isThere ? await findGroup(ec2, null, signal) : group;
    if (now.id === null) throw error;
    return now.id;
  }
}

/** Resolves where the credentials may make our group. @throws ProviderError */
export async function checkGroup(ec2: Ec2, group: Group, signal: AbortSignal): Promise<void> {
  if (group.id !== null) return;
  const VpcId = group.vpc ?? undefined;
  const command = new ec2.sdk.CreateSecurityGroupCommand({ ...newGroup(), VpcId, DryRun: true });
  await ec2.attempt(
    { action: `Cannot create the security group ${MARK}`, accepts: "DryRunOperation" },
    (client, options) => client.send(command, options),
    signal,
  );
}

function newGroup() {
  return {
    GroupName: MARK,
    Description: "SSH in, for machines that sim-pipeline rents",
    TagSpecifications: [
      { ResourceType: "security-group" as const, Tags: [{ Key: MARK, Value: "group" }] },
    ],
  };
}

async function namedGroup(ec2: Ec2, named: string, signal: AbortSignal): Promise<Group> {
  const command = new ec2.sdk.DescribeSecurityGroupsCommand({
    Filters: [{ Name: named.startsWith("sg-") ? "group-id" : "group-name", Values: [named] }],
  });
  const { SecurityGroups = [] } = await ec2.call(
    { action: `Cannot look for the security group ${named}` },
    (client, options) => client.send(command, options),
    signal,
  );
  const [group] = SecurityGroups;
  if (group?.GroupId !== undefined && SecurityGroups.length === 1) {
    return { id: group.GroupId, vpc: group.VpcId ?? null };
  }
  throw new ProviderError(
    "invalid",
    `${GROUP_VARIABLE}: ${JSON.stringify(named)} names ${SecurityGroups.length === 0 ? "no security group" : "more than one security group"} of the account in ${ec2.region}.\nName one by its id (sg-…), or unset it: then one called ${MARK} is made.`,
  );
}

async function defaultVpc(ec2: Ec2, signal: AbortSignal): Promise<string> {
  const command = new ec2.sdk.DescribeVpcsCommand({
    Filters: [{ Name: "is-default", Values: ["true"] }],
  });
  const { Vpcs = [] } = await ec2.call(
    { action: "Cannot look for the default network (VPC)" },
    (client, options) => client.send(command, options),
    signal,
  );
  const id = Vpcs[0]?.VpcId;
  if (id !== undefined) return id;
  throw new ProviderError(
    "invalid",
    `The account has no default network (VPC) in ${ec2.region}, where machines would be.\nMake one, which costs nothing: aws ec2 create-default-vpc`,
  );
}

async function groupIn(ec2: Ec2, vpc: string, signal: AbortSignal) {
  const command = new ec2.sdk.DescribeSecurityGroupsCommand({
    Filters: [
      { Name: "vpc-id", Values: [vpc] },
      { Name: "group-name", Values: [MARK] },
    ],
  });
  const { SecurityGroups = [] } = await ec2.call(
    { action: `Cannot look for the security group ${MARK}` },
    (client, options) => client.send(command, options),
    signal,
  );
  return SecurityGroups[0];
}

function checkRules(group: SecurityGroup, region: string): void {
  if ((group.IpPermissions ?? []).every(isSsh)) return;
  throw new ProviderError(
    "invalid",
    `The security group ${MARK} (${group.GroupId}) in ${region} lets in more than SSH.\nRemove its other inbound rules, or name another group in ${GROUP_VARIABLE}.`,
  );
}

function isSsh({ IpProtocol, FromPort, ToPort }: IpPermission): boolean {
  return IpProtocol === "tcp" && FromPort === 22 && ToPort === 22;
}

async function letSshIn(ec2: Ec2, GroupId: string, signal: AbortSignal): Promise<void> {
  const command = new ec2.sdk.AuthorizeSecurityGroupIngressCommand({
    GroupId,
    IpPermissions: [
      { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] },
    ],
  });
  await ec2.attempt(
    {
      action: `Cannot let SSH into the security group ${MARK}`,
      accepts: "InvalidPermission.Duplicate",
    },
    (client, options) => client.send(command, options),
    signal,
  );
}
