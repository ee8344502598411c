/** All of the package in one file, which the API and the command line share: see scripts/finish-build.ts. */
export { main } from "./cli/main.ts";
export * from "./index.ts";
