import { z } from "zod";
import { ReportedError } from "../../sweep/errors.ts";
import { type Network, request, saveBody } from "./http.ts";
import { downloadObjects, parseAddress, type Store } from "./objects.ts";

/** Of an object resource: https://cloud.google.com/storage/docs/json_api/v1/objects */
const OBJECT = z.object({ name: z.string(), generation: z.string() });
const PAGE = z.object({
  items: z.array(OBJECT).default([]),
  nextPageToken: z.string().optional(),
});

/**
 * Downloads gs://bucket/key, or with a `/` at the end all keys below it as a folder, unless what
 * an earlier download returned as `known` still holds. Credentials are Google's application
 * default; without any the bucket is read as anybody may. STORAGE_EMULATOR_HOST names another
 * server, which gets no credentials.
 *
 * @throws ReportedError (3) with the address and what the server said.
 */
export async function downloadGcs(
  address: string,
  known: string | null,
  target: string,
  env: NodeJS.ProcessEnv,
  network: Network,
): Promise<string | null | "unchanged"> {
  const emulator = env.STORAGE_EMULATOR_HOST;
  const store =
    emulator === undefined || emulator === ""
      ? gcsStore("https://storage.googleapis.com", await authorization(address), address, network)
      : gcsStore(serverOf(emulator), new Headers(), address, network);
  return await downloadObjects(address, store, known, target);
}

/** With or without a scheme, as Google's libraries take it. */
function serverOf(emulator: string): string {
  return new URL(emulator.includes("://") ? emulator : `http://${emulator}`).origin;
}

/** The header that says who we are; none where nobody says so. */
async function authorization(address: string): Promise<Headers> {
  const { GoogleAuth } = await loadLibrary();
  const auth = new GoogleAuth({
    scopes: "https://www.googleapis.com/auth/devstorage.read_only",
  });
  try {
    return new Headers(await auth.getRequestHeaders());
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (text.startsWith("Could not load the default credentials")) return new Headers();
    throw new ReportedError(
      3,
      `Cannot download the input ${address}: Google's credentials do not work: ${text}\n` +
        "Renew them with `gcloud auth application-default login`, or check " +
        "GOOGLE_APPLICATION_CREDENTIALS.",
      { cause },
    );
  }
}

async function loadLibrary(): Promise<typeof import("google-auth-library")> {
  try {
    return await import("google-auth-library");
  } catch (cause) {
    throw new ReportedError(
      3,
      "gs:// inputs need the package google-auth-library, which is not installed.\n" +
        "Install it beside sim-pipeline: npm install google-auth-library",
      { cause },
    );
  }
}

function gcsStore(server: string, headers: Headers, address: string, network: Network): Store {
  const { bucket } = parseAddress(address);
  const objects = `${server}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const get = <T>(url: string, use: (response: Response) => Promise<T>) =>
    request(url, headers, network, use, address);
  return {
    look: async (key) => {
      const url = `${objects}/${encodeURIComponent(key)}?fields=name,generation`;
      const { generation } = await get(url, async (answer) => OBJECT.parse(await answer.json()));
      return { key, version: generation };
    },
    list: async function* (prefix) {
      let pageToken: string | undefined;
      do {
        const query = new URLSearchParams({
          prefix,
          fields: "items(name,generation),nextPageToken",
          ...(pageToken === undefined ? {} : { pageToken }),
        });
        const page = await get(`${objects}?${query}`, async (answer) =>
          PAGE.parse(await answer.json()),
        );
        for (const { name, generation } of page.items) yield { key: name, version: generation };
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
    },
    save: async ({ key, version }, target) => {
      // The generation that was seen, not one that came since.
      const query = new URLSearchParams({ alt: "media", generation: version ?? "" });
      const url = `${objects}/${encodeURIComponent(key)}?${query}`;
      await get(url, (answer) => saveBody(answer, target, network.signal));
    },
  };
}
