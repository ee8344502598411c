import { testRule } from "../../src/lint/rule-tester.ts";
import { updateOnTemporary } from "./update-on-temporary.ts";

testRule(updateOnTemporary);
