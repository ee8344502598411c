import { testRule } from "../../src/lint/rule-tester.ts";
import { deadNode } from "./dead-node.ts";

testRule(deadNode);
