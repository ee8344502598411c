import { testRule } from "../../src/lint/rule-tester.ts";
import { missingMetadata } from "./missing-metadata.ts";

testRule(missingMetadata);
