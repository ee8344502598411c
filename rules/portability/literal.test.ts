import { testRule } from "../../src/lint/rule-tester.ts";
import { nonFiniteLiteral } from "./literal.ts";

testRule(nonFiniteLiteral);
