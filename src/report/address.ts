/** A relative path as an address: each part escaped, so that no name reads as anything else. */
export function addressOf(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
