import { expect, test } from "vitest";
import { openProvider } from "../../src/machines/providers.ts";

test("opens a provider by its name, with the credentials of an environment", async () => {
  await using provider = await openProvider("digitalocean", { DIGITALOCEAN_TOKEN: "x" });
  expect(provider.name).toBe("digitalocean");
  expect(provider.billing).toEqual({
    minimumSeconds: 60,
    minimumCost: 0.01,
    currency: "USD",
    stoppedCosts: true,
  });
});

test("says what is missing in it", async () => {
  await expect(openProvider("digitalocean", {})).rejects.toMatchObject({ kind: "auth" });
});

test("opens AWS with a region", async () => {
  await using provider = await openProvider("aws", { AWS_REGION: "eu-central-1" });
  expect(provider.name).toBe("aws");
  expect(provider.billing.stoppedCosts).toBe(false);
});
