/** The TypeScript in the docs fits the API, as strictly as a user's compiler may look at it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = join(root, "docs");

/** Files that are not there, beside the docs, by path. */
function blocks(): Map<string, string> {
  const found = new Map<string, string>();
  for (const page of readdirSync(docs).filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(join(docs, page), "utf8");
    for (const { index, 1: code = "" } of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
      const line = text.slice(0, index).split("\n").length;
      found.set(join(docs, `${page}.${line}.mts`), `${code}\nexport {};\n`);
    }
  }
  return found;
}

function problemsOf(files: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    paths: { pt2lint: [join(root, "src/index.ts")] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) =>
        `${path.slice(docs.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}

describe("the TypeScript in the docs", () => {
  const files = blocks();

  it("is there", () => {
    expect(files.size).toBeGreaterThan(5);
  });

  it("compiles", { timeout: 60_000 }, () => {
    // One that does not, so that silence means something.
    const wrong = 'import { nothing } from "pt2lint";\nnothing();\n';
    const problems = problemsOf(new Map([...files, [join(docs, "wrong.mts"), wrong]]));
    expect(problems).toEqual([expect.stringMatching(/^wrong\.mts: .*no exported member 'nothing'/)]);
  });
});
