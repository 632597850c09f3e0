import type { Filter } from "@aws-sdk/client-pricing";
import { z } from "zod";
import { clientSettings, endpoint, pages } from "./client.ts";

/** Dollars an hour by instance type. */
export interface Prices extends Disposable {
  /** The prices of these types, or of all for null; of what is not known there is none. */
  of(types: readonly string[] | null, signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

/** Milliseconds. A price is worth no longer wait. */
const PATIENCE = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/**
 * On-demand prices of Linux from AWS's price list. Whoever may not read it, has no package for it or
 * gets no answer rents without knowing prices: the first failure is the last that is asked.
 */
export function awsPrices(env: NodeJS.ProcessEnv, region: string): Prices {
  const known = new Map<string, number>();
  const asked = new Set<string>();
  let opened: ReturnType<typeof open> | null = null;
  let isRefused = false;
  return {
    of: async (types, signal) => {
      const missing = types?.filter((type) => !asked.has(type)) ?? [null];
      if (asked.has("") || isRefused) return known;
      try {
        for (const type of missing) {
          opened ??= open(env);
          for await (const { PriceList = [] } of products(await opened, region, type, signal)) {
            for (const price of PriceList.map(priceOf)) {
              if (price !== null) known.set(price.type, price.dollars);
            }
          }
          asked.add(type ?? "");
        }
      } catch {
        signal.throwIfAborted();
        isRefused = true;
      }
      return known;
    },
    [Symbol.dispose]: () => {
      void opened?.then(
        ({ client }) => client.destroy(),
        () => {},
      );
    },
  };
}

async function open(env: NodeJS.ProcessEnv) {
  const sdk = await import("@aws-sdk/client-pricing");
  const client = new sdk.PricingClient({
    ...clientSettings(env),
    // There for the prices of all regions.
    region: "us-east-1",
    ...endpoint(env.AWS_ENDPOINT_URL_PRICING || env.AWS_ENDPOINT_URL),
    maxAttempts: 2,
    requestHandler: PATIENCE,
  });
  return { sdk, client };
}

function products(
  { sdk, client }: Awaited<ReturnType<typeof open>>,
  region: string,
  type: string | null,
  signal: AbortSignal,
) {
  const equals = (Field: string, Value: string): Filter => ({ Type: "TERM_MATCH", Field, Value });
  const Filters = [
    equals("regionCode", region),
    equals("operatingSystem", "Linux"),
    equals("preInstalledSw", "NA"),
    equals("tenancy", "Shared"),
    equals("capacitystatus", "Used"),
    ...(type === null ? [] : [equals("instanceType", type)]),
  ];
  return pages((NextToken) =>
    client.send(new sdk.GetProductsCommand({ ServiceCode: "AmazonEC2", Filters, NextToken }), {
      abortSignal: signal,
    }),
  );
}

const DIMENSION = z.object({ unit: z.string(), pricePerUnit: z.object({ USD: z.string() }) });
const PRODUCT = z.object({
  product: z.object({ attributes: z.object({ instanceType: z.string() }) }),
  terms: z.object({
    OnDemand: z.record(z.string(), z.object({ priceDimensions: z.record(z.string(), DIMENSION) })),
  }),
});

function priceOf(text: string): { readonly type: string; readonly dollars: number } | null {
  const { data } = PRODUCT.safeParse(JSON.parse(text));
  const terms = Object.values(data?.terms.OnDemand ?? {});
  const [dimension] = terms.flatMap(({ priceDimensions }) => Object.values(priceDimensions));
  const dollars = Number(dimension?.pricePerUnit.USD);
  if (data === undefined || dimension?.unit !== "Hrs" || !(dollars > 0)) return null;
  return { type: data.product.attributes.instanceType, dollars };
}
