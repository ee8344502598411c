import { testRule } from "../../src/lint/rule-tester.ts";
import { subgraphMetadata } from "./subgraph-metadata.ts";

testRule(subgraphMetadata);
