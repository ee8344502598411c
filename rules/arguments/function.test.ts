import { testRule } from "../../src/lint/rule-tester.ts";
import { functionArguments } from "./function.ts";

testRule(functionArguments);
