// Where scripts/setup.sh put the modules from npm that builds need; the same place that scripts/env.sh knows.
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = process.env.PITLANE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pitlane");
const resolve = createRequire(join(cache, "tools", "npm", "package.json"));

/** A module by its name; where it is missing, the build ends with what to do. */
export function tool(name) {
  try {
    return resolve(name);
  } catch (error) {
    console.error(`${name} cannot be loaded: run scripts/setup.sh run (${error.message.split("\n")[0]})`);
    process.exit(1);
  }
}
