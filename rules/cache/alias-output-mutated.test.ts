import { testRule } from "../../src/lint/rule-tester.ts";
import { aliasOutputMutated } from "./alias-output-mutated.ts";

testRule(aliasOutputMutated);
