import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

/** The package in one file. */
const FILE = fileURLToPath(new URL("../dist/pt2lint.cjs", import.meta.url));

/**
 * Where the build leaves what V8 compiled. The name says for whom: of another version or processor V8 would refuse it,
 * or should.
 */
export const CACHE = FILE.replace(/cjs$/, `${process.version}-${process.platform}-${process.arch}.cache`);

/**
 * Loads the package with the functions that the build has compiled, which halves the time. The module is the one that
 * `import "pt2lint"` gives, so that a rule in a config sees the same classes. Without `cachedData`, or when V8 refuses
 * it, all is compiled anew.
 *
 * @returns the package's exports, and the script, of which a new cache can be made
 */
export function load(cachedData) {
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname) { ${readFileSync(FILE, "latin1")}\n})`,
    { filename: FILE, cachedData },
  );
  const require = createRequire(FILE);
  const module = new Module(FILE);
  module.filename = FILE;
  module.paths = require.resolve.paths("pt2lint");
  require.cache[FILE] = module;
  script.runInThisContext()(module.exports, require, module, FILE, dirname(FILE));
  module.loaded = true;
  return { exports: module.exports, script };
}
