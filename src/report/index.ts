import { github } from "./github.ts";
import { json } from "./json.ts";
import { junit } from "./junit.ts";
import type { Report } from "./options.ts";
import { sarif } from "./sarif.ts";
import { stylish } from "./stylish.ts";

/** Every format, by the name it has on the command line. */
export const reports = { stylish, json, sarif, github, junit } as const satisfies Record<string, Report>;

export type Format = keyof typeof reports;
