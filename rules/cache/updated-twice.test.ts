import { testRule } from "../../src/lint/rule-tester.ts";
import { updatedTwice } from "./updated-twice.ts";

testRule(updatedTwice);
