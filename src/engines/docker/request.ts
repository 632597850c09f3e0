import { text } from "node:stream/consumers";
import { readable } from "./streams.ts";

/** What is needed of dockerode's `modem`, which has no type there. */
interface Modem {
  dial(options: object, callback: (error: Error | null, answer: unknown) => void): void;
}

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | boolean>>;
  /** Sent as JSON. */
  readonly body?: object;
}

/**
 * Sends a request through dockerode's connection and gives the answer's body. For the requests that
 * every task makes, in the place of dockerode's own methods, which never settle when a connection
 * breaks behind an answer's headers (and those of `wait` come at once), throw and catch an error
 * for every answer that is not JSON, and put a container's whole settings into its address.
 * Throws what dockerode throws: errors with the HTTP status as `statusCode`.
 */
export async function request(
  { modem }: { readonly modem: Modem },
  { method, path, query = {}, body = {} }: Request,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  modem.dial(
    {
      method,
      path: `${path}?`,
      options: { _query: query, _body: body },
      isStream: true,
      statusCodes: { 200: true, 201: true, 204: true, 304: true },
    },
    (error, answer) => (error === null ? resolve(answer) : reject(error)),
  );
  return await text(readable(await promise));
}
