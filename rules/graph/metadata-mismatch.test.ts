import { testRule } from "../../src/lint/rule-tester.ts";
import { metadataMismatch } from "./metadata-mismatch.ts";

testRule(metadataMismatch);
