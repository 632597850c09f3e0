import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";

const readAsync = promisify(read);

/** Files up to this size are hashed at once, larger ones in pieces of this size. */
const PIECE = 1024 * 1024;

/**
 * Opens a regular file for reading, and nothing else: no link is followed, and neither a FIFO nor
 * a device is waited for.
 */
export function openRegular(path: string): number {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error(`${path} is not a regular file`);
}

/** Hex SHA-256 of the first `size` bytes of an open file, without a pause. */
export function hashFileSync(file: number, size: number): string {
  if (size <= PIECE) {
    const bytes = Buffer.allocUnsafe(size);
    let length = 0;
    while (length < size) {
      const count = readSync(file, bytes, length, size - length, length);
      if (count === 0) break;
      length += count;
    }
    return hash("sha256", bytes.subarray(0, length), "hex");
  }
  const sha256 = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE);
  for (let position = 0; position < size; ) {
    const count = readSync(file, piece, 0, Math.min(PIECE, size - position), position);
    if (count === 0) break;
    sha256.update(piece.subarray(0, count));
    position += count;
  }
  return sha256.digest("hex");
}

/** As `hashFileSync`, with pauses between the pieces of a large file. */
export async function hashFile(file: number, size: number, signal?: AbortSignal): Promise<string> {
  if (size <= PIECE) return hashFileSync(file, size);
  const sha256 = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE);
  for (let position = 0; position < size; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await readAsync(
      file,
      piece,
      0,
      Math.min(PIECE, size - position),
      position,
    );
    if (bytesRead === 0) break;
    sha256.update(piece.subarray(0, bytesRead));
    position += bytesRead;
  }
  return sha256.digest("hex");
}
