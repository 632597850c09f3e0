import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { type Server, serve } from "../registry/server.ts";

export interface Fault {
  readonly method: string;
  readonly path: RegExp;
  /** How many such requests pass before it; default: none. */
  skip?: number;
  /** How often it happens; then the registry answers itself. */
  times: number;
  /** An answer of this status, or a connection that breaks once so many bytes have come. */
  readonly does:
    | { readonly status: number; readonly body?: string }
    | { readonly resetAfter: number };
}

/** Stands before a registry and spoils some requests, as networks and registries do. */
export async function faultProxy(registry: string, faults: readonly Fault[]): Promise<Server> {
  const [host, port] = registry.split(":");
  return await serve((asked, answer) => {
    const { method = "GET", url = "/" } = asked;
    const fault = faults.find(
      (each) => each.times > 0 && each.method === method && each.path.test(url),
    );
    if (fault?.skip) fault.skip--;
    else if (fault !== undefined) {
      fault.times--;
      return spoil(fault, asked, answer);
    }
    const passed = request({ host, port, method, path: url, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
}

function spoil({ does }: Fault, asked: IncomingMessage, answer: ServerResponse): void {
  if ("status" in does) {
    asked.resume();
    asked.on("end", () => answer.writeHead(does.status).end(does.body));
    return;
  }
  let bytes = 0;
  const reset = () => asked.socket.resetAndDestroy();
  asked.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > does.resetAfter) reset();
  });
  asked.on("end", reset);
}
