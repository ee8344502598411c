import { testRule } from "../../src/lint/rule-tester.ts";
import { portableOperator } from "./operator.ts";

testRule(portableOperator);
