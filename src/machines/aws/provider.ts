import { type Clock, realClock } from "../clock.ts";
import { checkOrder } from "../order.ts";
import {
  type Billing,
  type Machine,
  type MachineRequest,
  type Offer,
  type Order,
  type Provider,
  ProviderError,
} from "../provider.ts";
import { alternativesTo, checkCount, describeSize, offerOf } from "../sizes.ts";
import { type Ec2, FILTERS, openEc2, pages } from "./client.ts";
import { INSTANCE_ID, instanceRequest, machineOf } from "./instance.ts";
import { checkGroup, ensureGroup, findGroup, findImage, GROUP_VARIABLE } from "./place.ts";
import { switchPower } from "./power.ts";
import { awsPrices, type Prices } from "./prices.ts";
import { listSizes } from "./sizes.ts";

/**
 * Per second, at least 60 of them; what is stopped costs its disk alone, which no price here holds.
 * Source: https://aws.amazon.com/ec2/pricing/on-demand/
 */
const BILLING: Billing = {
  minimumSeconds: 60,
  minimumCost: 0,
  currency: "USD",
  stoppedCosts: false,
};

/** All instances of a call have the same tags, and their name is one of these. */
const BATCH = 1;
/** One call each, and EC2 takes two a second: more would come one by one for minutes. */
const MOST = 256;
/** As many as a page may hold. */
const PER_PAGE = 1000;
/** Removals under way at once, where they have to be single ones. */
const AT_ONCE = 4;

/** Settings for tests. */
export interface AwsOptions {
  readonly clock?: Clock;
  readonly perPage?: number;
}

/**
 * EC2 in one region, with the credentials and the region of the AWS tools (AWS_ACCESS_KEY_ID,
 * AWS_PROFILE, AWS_REGION and so on), other addresses from AWS_ENDPOINT_URL and its like, and the
 * security group that SIM_PIPELINE_AWS_SECURITY_GROUP names. Nothing is sent yet.
 *
 * @throws ProviderError `invalid` without a region; ReportedError (3) where the SDK is not installed.
 */
export async function aws(env: NodeJS.ProcessEnv, options: AwsOptions = {}): Promise<Provider> {
  const { clock = realClock, perPage = PER_PAGE } = options;
  const ec2 = await openEc2(env);
  const prices = awsPrices(env, ec2.region);
  const named = env[GROUP_VARIABLE]?.trim() || null;
  return {
    name: "aws",
    billing: BILLING,
    batch: BATCH,
    now: (signal) => now(ec2, signal),
    sizes: (signal) => listSizes(ec2, prices, null, signal),
    check: (request, signal) => check({ ec2, prices, named }, request, signal),
    create: (order, signal) => create({ ec2, prices, named }, order, signal),
    list: (signal) => list(ec2, prices, perPage, signal),
    remove: (ids, signal) => remove(ec2, ids, signal),
    account: (signal) => accountOf(ec2, signal),
    power: (id, on, signal) => switchPower(ec2, clock, { id: checkedId(id), on }, signal),
    [Symbol.asyncDispose]: async () => {
      ec2[Symbol.dispose]();
      prices[Symbol.dispose]();
    },
  };
}

interface Parts {
  readonly ec2: Ec2;
  readonly prices: Prices;
  /** The security group that the environment names. */
  readonly named: string | null;
}

async function now(ec2: Ec2, signal: AbortSignal): Promise<number> {
  const action = "Cannot ask AWS for the time";
  const date = await ec2.date({ action }, signal);
  if (date !== null) return date;
  throw new ProviderError("unavailable", `${action}: its answer has no date.\nTry again later.`);
}

async function check(parts: Parts, request: MachineRequest, signal: AbortSignal): Promise<Offer> {
  const { ec2 } = parts;
  checkCount(request.count);
  if (request.count > MOST) {
    throw new ProviderError(
      "limit",
      `${request.count} machines are more than are rented at once from AWS: ${MOST}.\nAsk for fewer, larger ones.`,
    );
  }
  if (request.region !== null && request.region !== ec2.region) {
    throw new ProviderError(
      "invalid",
      `AWS is set to ${ec2.region}, and ${JSON.stringify(request.region)} is asked for.\nSet AWS_REGION to the region that is meant: also what lists and removes machines looks into that one alone.`,
    );
  }
  const offer = await offerFor(parts, request, signal);
  const image = await findImage(ec2, signal);
  const group = await findGroup(ec2, parts.named, signal);
  await checkGroup(ec2, group, signal);
  const name = "sim-rehearsal";
  const trial = { name, size: offer.size.name, tags: { lease: name }, userData: "" };
  const { ClientToken: _token, ...input } = instanceRequest(trial, image, group.id);
  const command = new ec2.sdk.RunInstancesCommand({ ...input, DryRun: true });
  await ec2.attempt(
    { action: "Cannot rent from EC2", accepts: "DryRunOperation" },
    (client, options) => client.send(command, options),
    signal,
  );
  return offer;
}

/** All sizes are looked at only where the one that is asked for cannot be had. */
async function offerFor(
  { ec2, prices }: Parts,
  request: MachineRequest,
  signal: AbortSignal,
): Promise<Offer> {
  const provider = { title: "AWS", currency: BILLING.currency };
  if (/^[a-z0-9.-]{1,60}$/.test(request.size)) {
    const [size] = await listSizes(ec2, prices, request.size, signal);
    if (size?.available === true) return offerOf(request, [size], provider);
  }
  return offerOf(request, await listSizes(ec2, prices, null, signal), provider);
}

async function create(parts: Parts, order: Order, signal: AbortSignal): Promise<Machine[]> {
  const { ec2, prices } = parts;
  checkOrder(order, BATCH);
  const [name = ""] = order.names;
  const image = await findImage(ec2, signal);
  const group = await findGroup(ec2, parts.named, signal);
  const input = instanceRequest({ ...order, name }, image, await ensureGroup(ec2, group, signal));
  const known = await prices.of([order.size], signal);
  try {
    const { Instances = [] } = await ec2.call(
      { action: `Cannot create ${name} on EC2` },
      (client, options) => client.send(new ec2.sdk.RunInstancesCommand(input), options),
      signal,
    );
    return Instances.flatMap((instance) => machineOf(instance, ec2.region, known) ?? []);
  } catch (error) {
    throw await withAlternatives(error, order.size, parts, signal);
  }
}

/** A lack of capacity shows only when it is asked for: then with what else there is. */
async function withAlternatives(
  error: unknown,
  name: string,
  { ec2, prices }: Parts,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof ProviderError) || error.kind !== "out-of-stock") return error;
  const sizes = await listSizes(ec2, prices, null, signal).catch(() => []);
  const size = sizes.find((one) => one.name === name);
  if (size === undefined) return error;
  const others = alternativesTo(size, sizes, ec2.region);
  const nearest = others.map((other) => describeSize(other, BILLING.currency)).join(", ");
  return new ProviderError(error.kind, `${error.message}\nNearest to it: ${nearest}.`);
}

async function list(
  ec2: Ec2,
  prices: Prices,
  perPage: number,
  signal: AbortSignal,
): Promise<Machine[]> {
  const page = (NextToken: string | undefined) =>
    ec2.call(
      { action: "Cannot list EC2 instances" },
      (client, options) =>
        client.send(
          new ec2.sdk.DescribeInstancesCommand({
            Filters: FILTERS,
            MaxResults: perPage,
            NextToken,
          }),
          options,
        ),
      signal,
    );
  const instances = [];
  for await (const { Reservations = [] } of pages(page)) {
    instances.push(...Reservations.flatMap(({ Instances = [] }) => Instances));
  }
  const types = instances.flatMap(({ InstanceType }) => InstanceType ?? []);
  const known = await prices.of([...new Set(types)], signal);
  return instances.flatMap((instance) => machineOf(instance, ec2.region, known) ?? []);
}

/**
 * All at once; where one of them cannot be ended, EC2 ends none, so each is asked for by itself
 * then. The first error is thrown at the end.
 */
async function remove(ec2: Ec2, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const all = ids.map(checkedId);
  if (all.length === 0) return;
  const terminate = async (some: readonly string[]): Promise<ProviderError | null> => {
    try {
      await ec2.call(
        { action: `Cannot terminate ${some.join(", ")}`, oneThing: true },
        (client, options) =>
          client.send(new ec2.sdk.TerminateInstancesCommand({ InstanceIds: [...some] }), options),
        signal,
      );
      return null;
    } catch (error) {
      if (error instanceof ProviderError) return error;
      throw error;
    }
  };
  const first = await terminate(all);
  if (first === null || (first.kind === "missing" && all.length === 1)) return;
  if (all.length === 1) throw first;
  const errors: ProviderError[] = [];
  const next = all.values();
  const worker = async () => {
    for (const id of next) {
      const error = await terminate([id]);
      if (error !== null && error.kind !== "missing") errors.push(error);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  if (errors[0] !== undefined) throw errors[0];
}

/** The account's number and the region: the machines of another region are in no list of this one. */
async function accountOf(ec2: Ec2, signal: AbortSignal): Promise<string> {
  // Each network has a group of this name, and nobody else's is shown.
  const Filters = [{ Name: "group-name", Values: ["default"] }];
  const { SecurityGroups = [] } = await ec2.call(
    { action: "Cannot ask for the account" },
    (client, options) =>
      client.send(new ec2.sdk.DescribeSecurityGroupsCommand({ Filters }), options),
    signal,
  );
  const owner = SecurityGroups[0]?.OwnerId;
  return owner === undefined ? ec2.region : `${owner}/${ec2.region}`;
}

function checkedId(id: string): string {
  if (INSTANCE_ID.test(id)) return id;
  throw new ProviderError("invalid", `${JSON.stringify(id)} is no EC2 instance's id: i-….`);
}
