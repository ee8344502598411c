import { testRule } from "../../src/lint/rule-tester.ts";
import { unknownOperator } from "./unknown-operator.ts";

testRule(unknownOperator);
