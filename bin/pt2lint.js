#!/usr/bin/env node
import module from "node:module";

// Node 22 and later keep the compiled code; before that there is nothing to call.
module.enableCompileCache?.();
await import("../dist/cli.js");
