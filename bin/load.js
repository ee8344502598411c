const { readFileSync } = require("node:fs");
const { createRequire, Module } = require("node:module");
const { dirname, join } = require("node:path");
const { setFlagsFromString } = require("node:v8");
const vm = require("node:vm");

/** The package in one file. */
const FILE = join(__dirname, "../dist/pt2lint.cjs");

/**
 * Where the build leaves what V8 compiled. The name says for whom: of another version or processor V8 would refuse it,
 * or should.
 */
const CACHE = FILE.replace(/cjs$/, `${process.version}-${process.platform}-${process.arch}.cache`);

/**
 * Loads the package with the functions that the build has compiled, which halves the time. The module is the one that
 * `import "pt2lint"` gives, so that a rule in a config sees the same classes. Without `cachedData`, or when V8 refuses
 * it, all is compiled anew.
 *
 * @returns the package's exports, and the script, of which a new cache can be made
 */
function load(cachedData) {
  // V8 optimizes a function that has run this much, on another thread. Most programs are linted before that pays: with
  // V8's own number, a third of this, it took as long and used a third more of the processors.
  setFlagsFromString("--interrupt-budget=400000");
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname) { ${readFileSync(FILE, "latin1")}\n})`,
    { filename: FILE, cachedData },
  );
  const requireThere = createRequire(FILE);
  const there = new Module(FILE);
  there.filename = FILE;
  there.paths = requireThere.resolve.paths("pt2lint");
  requireThere.cache[FILE] = there;
  script.runInThisContext()(there.exports, requireThere, there, FILE, dirname(FILE));
  there.loaded = true;
  return { exports: there.exports, script };
}

module.exports = { CACHE, load };
