import type { Script } from "node:vm";
import type * as bundle from "../src/bundle.ts";

export declare const CACHE: string;
export declare function load(cachedData?: Buffer): { exports: typeof bundle; script: Script };
