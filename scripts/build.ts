/** What `npm run build` runs: tsdown without its advice, since everyone who installs a clone reads what it prints. */
import { build } from "tsdown";
import config from "../tsdown.config.ts";

for (const part of config) await build({ ...part, config: false, logLevel: "error" });
