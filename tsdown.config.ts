import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", cli: "src/cli/main.ts" },
  format: "esm",
  platform: "node",
  target: "node20.19",
  dts: { sourcemap: false },
  fixedExtension: false,
  clean: true,
  copy: ["src/ops/operators.generated.txt"],
});
