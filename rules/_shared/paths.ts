export { graphPath, inputPath, nodePath, specPath } from "../../src/program/document-path.ts";
