// Where things are: the same places that scripts/env.sh knows.
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const cache =
  process.env.PITLANE_CACHE ?? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pitlane");
export const out = join(root, "tests/e2e/out");
mkdirSync(out, { recursive: true });

/** The binary under test; PITLANE_BIN names another one. */
export function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = process.env.PITLANE_BIN ?? join(target, "debug", "pitlane");
  if (!existsSync(path)) throw new Error(`${path} is not there: make build`);
  return path;
}
