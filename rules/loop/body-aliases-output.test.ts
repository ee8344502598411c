import { testRule } from "../../src/lint/rule-tester.ts";
import { bodyAliasesOutput } from "./body-aliases-output.ts";

testRule(bodyAliasesOutput);
