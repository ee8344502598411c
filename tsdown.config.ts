import { readFile, writeFile } from "node:fs/promises";
import { defineConfig } from "tsdown";

const common = { platform: "node", target: "node20.19", fixedExtension: false } as const;

/** The same types for those who `require` the package; of an ES module, types can be had there only when that is said. */
async function typesForRequire(): Promise<void> {
  const text = await readFile("dist/index.d.ts", "utf8");
  const typesOnly = 'import type$1 with { "resolution-mode": "import" };';
  await writeFile("dist/index.d.cts", text.replace(/^import( \{[^;]*);$/gm, typesOnly));
}

/**
 * One file loads fastest; `scripts/finish-build.ts` puts what users import in front of it. Node 20 cannot `require` an
 * ES module, so a package that is one is either part of the file (`noExternal`) or imported where it is used.
 */
export default defineConfig([
  {
    ...common,
    entry: { pt2lint: "src/bundle.ts" },
    format: "cjs",
    dts: false,
    noExternal: ["unzipit", "@dagrejs/graphlib"],
    outputOptions: { codeSplitting: false },
    copy: ["src/ops/operators.generated.txt"],
    clean: true,
  },
  {
    ...common,
    entry: { index: "src/index.ts" },
    format: "esm",
    dts: { emitDtsOnly: true, sourcemap: false },
    clean: false,
    onSuccess: typesForRequire,
  },
]);
