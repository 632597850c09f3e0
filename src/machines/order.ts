import { type Order, ProviderError } from "./provider.ts";
import { checkCount } from "./sizes.ts";
import { checkUserData } from "./user-data.ts";

/** What a name may be: a host name's label, so that it also is one everywhere else. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const TAG = /^[a-z0-9-]{1,100}$/;

/**
 * What a provider would refuse with less of a reason, or not refuse at all.
 *
 * @param batch names that one call takes.
 * @throws ProviderError `invalid`.
 */
export function checkOrder({ names, tags, userData }: Order, batch: number): void {
  const invalid = (message: string) => new ProviderError("invalid", message);
  checkCount(names.length);
  if (names.length > batch) {
    throw invalid(`${names.length} names in one call, which takes ${batch} at most.`);
  }
  if (new Set(names).size < names.length) {
    throw invalid("Machines of one call need names of their own.");
  }
  const name = names.find((one) => !NAME.test(one));
  if (name !== undefined) {
    throw invalid(
      `${JSON.stringify(name)} cannot be a machine's name: use a-z, 0-9 and -, 63 at most, no - at an end.`,
    );
  }
  const tag = Object.entries(tags).find((pair) => pair.some((text) => !TAG.test(text)));
  if (tag !== undefined) {
    throw invalid(`The tag ${JSON.stringify(tag)} cannot be written: use a-z, 0-9 and -.`);
  }
  checkUserData(userData);
}
