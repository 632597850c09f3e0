/** `30m`, `1h30m`, `90s`, `500ms`: one or more whole or decimal numbers with their units. */
export const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a text that matches DURATION. */
export function milliseconds(text: string): number {
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    if (isKey(MILLISECONDS, unit)) sum += Number(number) * MILLISECONDS[unit];
  }
  return Math.round(sum);
}

/** `512Mi`, `1G`, `1.5GiB`: powers of 1000, or of 1024 with an i, as Kubernetes writes them. */
export const MEMORY = /^(\d+(?:\.\d+)?)([kKMGT]i?)B?$/;

const POWERS = { K: 1, M: 2, G: 3, T: 4 };

/** Bytes of a text that matches MEMORY. */
export function bytes(text: string): number {
  const [, number, unit] = MEMORY.exec(text) ?? [];
  const letter = unit?.charAt(0).toUpperCase();
  if (unit === undefined || !isKey(POWERS, letter)) return Number.NaN;
  return Math.round(Number(number) * (unit.endsWith("i") ? 1024 : 1000) ** POWERS[letter]);
}

function isKey<T extends object>(object: T, key: string | undefined): key is keyof T & string {
  return key !== undefined && Object.hasOwn(object, key);
}
