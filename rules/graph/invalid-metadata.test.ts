import { testRule } from "../../src/lint/rule-tester.ts";
import { invalidMetadata } from "./invalid-metadata.ts";

testRule(invalidMetadata);
