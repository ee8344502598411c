import { testRule } from "../../src/lint/rule-tester.ts";
import { dynamicLength } from "./dynamic-length.ts";

testRule(dynamicLength);
