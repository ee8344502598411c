import { testRule } from "../../src/lint/rule-tester.ts";
import { resultMutated } from "./result-mutated.ts";

testRule(resultMutated);
