import { testRule } from "../../src/lint/rule-tester.ts";
import { duplicateDefinition } from "./duplicate-definition.ts";

testRule(duplicateDefinition);
