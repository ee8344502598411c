import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { configNames } from "../lint/config-file.ts";
import { VERSION } from "../version.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { writeResult } from "./output.ts";

/** A file to start from, and what to say of it. */
interface Starter {
  readonly path: string;
  readonly text: string;
  readonly about: string;
}

const CONFIG = "pt2lint.json";
const WORKFLOW = ".github/workflows/pt2lint.yml";
/** Where the workflow takes pt2lint from, unless the project's package.json lists it. */
const PACKAGE = `tools/pt2lint-${VERSION}.tgz`;

/** `pt2lint init`: writes what is not there yet. */
export async function initCommand({ options }: Invocation<"init">): Promise<number> {
  const root = process.cwd();
  const starters = [
    configFile(),
    ...(options.ci === "github" ? [workflowFile(options.paths ?? ".", root)] : []),
  ];
  const kept = new Map<Starter, string>();
  for (const starter of starters) {
    const there = presentFor(starter, root, options.force === true);
    if (there !== undefined) kept.set(starter, there);
  }
  if (kept.size === starters.length) {
    const are = kept.size === 1 ? "is" : "are";
    throw new UsageError(
      `${[...kept.values()].join(" and ")} ${are} there already; nothing was written`,
      FORCE,
    );
  }
  const lines: string[] = [];
  for (const starter of starters) {
    const { path, text, about } = starter;
    const there = kept.get(starter);
    if (there !== undefined) {
      lines.push(`kept ${there}\n  ${FORCE}\n`);
      continue;
    }
    mkdirSync(dirname(resolve(root, path)), { recursive: true });
    writeResult(text, path);
    lines.push(`wrote ${path}\n  ${about}\n`);
  }
  writeResult([...lines, "\n", NEXT].join(""), undefined);
  return 0;
}

const FORCE = "--force writes over what is there, but for a config of another name";

const NEXT = `next:
  npx pt2lint PATH                                           what there is to mend
  npx pt2lint PATH --baseline known.json --update-baseline   or start from here: with --baseline known.json, here and
                                                             in the CI job, only what is new is reported
`;

/** What keeps a file from being written. */
function presentFor({ path }: Starter, root: string, force: boolean): string | undefined {
  const isThere = (name: string) => existsSync(resolve(root, name));
  // A second config beside the first would not be read, or would keep the first from being read.
  const other = path === CONFIG ? configNames.find((name) => name !== CONFIG && isThere(name)) : undefined;
  return other ?? (isThere(path) && !force ? path : undefined);
}

function configFile(): Starter {
  const config = { preset: "recommended", rules: {}, operators: [], suppressions: [] };
  return {
    path: CONFIG,
    text: `${JSON.stringify(config, null, 2)}\n`,
    about: 'the rules to start from; set one with "rules": { "cache/*": "off" }',
  };
}

function workflowFile(paths: string, root: string): Starter {
  const isListed = listsPackage(root);
  const install = isListed ? "npm ci" : `npm install --no-save ./${PACKAGE}`;
  const packed = existsSync(resolve(root, PACKAGE))
    ? ""
    : `; commit there what 'npm pack' writes in a clone of pt2lint`;
  const from = isListed
    ? "installs pt2lint as package.json lists it"
    : `installs pt2lint from ${PACKAGE}${packed}`;
  return {
    path: WORKFLOW,
    text: workflowText(install, paths),
    about: `lints each push and pull request; ${from}`,
  };
}

/** Whether the project's package.json names pt2lint among what it needs. */
function listsPackage(root: string): boolean {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
    return Object.hasOwn({ ...dependencies, ...devDependencies }, "pt2lint");
  } catch {
    return false;
  }
}

/** In single quotes for the shell, which YAML's block text leaves as they are. */
const quoted = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function workflowText(install: string, paths: string): string {
  return `name: pt2lint
on: [push, pull_request]
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 20
      - run: ${install}
      # Each finding becomes an annotation on its line of Python. --source-root finds these lines in this repository.
      - run: |
          npx pt2lint ${quoted(paths)} --format github --source-root .
`;
}
