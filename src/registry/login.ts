import { z } from "zod";
import type { Credentials } from "./credentials.ts";
import type { Transport } from "./transport.ts";

export interface Login {
  /** The repository's path in the registry. */
  readonly path: string;
  readonly access: "pull" | "pull,push";
  readonly credentials: Credentials | null;
}

const tokenSchema = z
  .object({ token: z.string().optional(), access_token: z.string().optional() })
  .transform(({ token, access_token }) => token ?? access_token ?? "");

/**
 * The Authorization header that a registry wants, or null where it wants none or we have none.
 * https://distribution.github.io/distribution/spec/auth/token/ and, for identity tokens,
 * https://distribution.github.io/distribution/spec/auth/oauth/
 *
 * @throws RegistryError, also where this is no registry.
 */
export async function logIn(registry: Transport, login: Login): Promise<string | null> {
  const { credentials } = login;
  if (credentials?.kind === "registry-token") return `Bearer ${credentials.token}`;
  const answer = await registry.send(`${registry.origin}/v2/`);
  const challenge = answer.headers.get("www-authenticate");
  if (answer.ok && !isPage(answer)) {
    await answer.body?.cancel();
    return null;
  }
  if (answer.status === 429 || answer.status >= 500) throw await registry.refusal(answer);
  await answer.body?.cancel();
  if (answer.status !== 401 || challenge === null) {
    throw registry.foreign(`${registry.origin}/v2/ answered HTTP ${answer.status}`);
  }
  if (/^basic\b/i.test(challenge)) {
    return credentials?.kind === "password" ? basic(credentials) : null;
  }
  const realm = URL.parse(/\brealm="([^"]*)"/i.exec(challenge)?.[1] ?? "");
  // It gets the password, so the way to it has to be as safe as the one to the registry.
  if (realm === null || (realm.protocol !== "https:" && !registry.origin.startsWith("http:"))) {
    throw registry.foreign("it asks for a login that nobody can give safely");
  }
  const service = /\bservice="([^"]*)"/i.exec(challenge)?.[1];
  return `Bearer ${await getToken(registry, realm, service, login)}`;
}

async function getToken(
  registry: Transport,
  realm: URL,
  service: string | undefined,
  { path, access, credentials }: Login,
): Promise<string> {
  const fields = new URLSearchParams({ scope: `repository:${path}:${access}` });
  if (service !== undefined) fields.set("service", service);
  let answer: Response;
  if (credentials?.kind === "identity-token") {
    fields.set("grant_type", "refresh_token");
    fields.set("client_id", "sim-pipeline");
    fields.set("refresh_token", credentials.token);
    answer = await registry.send(realm.href, { method: "POST", body: fields });
  } else {
    for (const [name, value] of fields) realm.searchParams.set(name, value);
    const headers: Record<string, string> =
      credentials?.kind === "password" ? { authorization: basic(credentials) } : {};
    answer = await registry.send(realm.href, { headers });
  }
  if (!answer.ok) throw await registry.refusal(answer, "logging in: ");
  const token = tokenSchema.safeParse(await registry.json(answer)).data ?? "";
  if (token === "") throw registry.foreign("its login gave no token");
  return token;
}

function isPage(answer: Response): boolean {
  return /text\/html/i.test(answer.headers.get("content-type") ?? "");
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
