import { testRule } from "../../src/lint/rule-tester.ts";
import { resultOverwritten } from "./result-overwritten.ts";

testRule(resultOverwritten);
